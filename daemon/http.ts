/**
 * The HTTP of Node. Not by `import … from 'node:http'`: that reads every export, of which some load Node's own undici,
 * and an agent that never uses it would be 8 MiB larger.
 */
export const { createServer, request } = process.getBuiltinModule('node:http')
