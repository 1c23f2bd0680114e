/** `podpeer bigip vtep-values`: what Cilium has to be told of the devices, as Helm values and as keys of its ConfigMap. */
import type { VtepValuesDocument } from '../controller/document.ts'
import { renderFindings } from './findings.ts'
import type { TextOptions, View } from './output.ts'
import { paint } from './screen.ts'

export function vtepValuesView(ask: () => Promise<VtepValuesDocument>): View<VtepValuesDocument> {
  return { ask, text: renderVtepValues, steady: value => value }
}

/** YAML with comments, so that a file of it is what `helm upgrade -f` takes. */
function renderVtepValues({ bigIps }: VtepValuesDocument, { look }: TextOptions): string {
  if (bigIps.length === 0) return 'No BIGIP is in mode cilium-vxlan.\n'
  return bigIps
    .map(({ name, helm, configMap, findings }) => {
      const keys = Object.entries(configMap).map(([key, value]) => `#   ${key}: ${JSON.stringify(value)}\n`)
      return [
        paint(look, 'faint', `# ${name}: values for Helm (helm upgrade cilium cilium/cilium --reuse-values -f FILE)`),
        `\n${helm}`,
        paint(look, 'faint', `# the same in ConfigMap kube-system/cilium-config:\n${keys.join('')}`),
        renderFindings(findings, look),
      ].join('')
    })
    .join('---\n')
}
