/** Writes what in deploy/ is made from the schemas of the program: `npm run manifests`; a test says when it is due. */
import { writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { bigIpDefinition } from '../lib/bigip/resource-definition.ts'

const target = new URL('../deploy/crds/bigips.podpeer.io.yaml', import.meta.url)
const head = '# Made by `npm run manifests` from lib/bigip/resource-schema.ts: edit that.\n'
writeFileSync(target, head + stringify(bigIpDefinition(), { lineWidth: 120, aliasDuplicateObjects: false }))
