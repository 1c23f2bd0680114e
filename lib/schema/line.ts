/** Where in a YAML text a field is. Knows the paths of problems: `peers[0].address`. */
import { isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml'

/** The line of a key or list item, or of the nearest one above it that is there. */
export function lineOf(root: Node | null, path: string, lines: LineCounter): number {
  let node: unknown = root
  let at = root?.range?.[0] ?? 0
  for (const step of path.matchAll(/\[(\d+)\]|[^.[\]]+/g)) {
    if (isSeq(node)) {
      node = node.items[Number(step[1])]
      at = (node as Node | undefined)?.range?.[0] ?? at
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step[0])
      if (pair === undefined) break
      at = (pair.key as Node).range?.[0] ?? at
      node = pair.value
    }
  }
  return lines.linePos(at).line
}
