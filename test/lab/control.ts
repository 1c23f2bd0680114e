/** Asks an agent's control API over its unix socket. */
import { request } from 'node:http'

const PATIENCE = 5_000

/**
 * One GET of a JSON document.
 * @throws Error with the socket's errno, or with the API's own words when the answer is not 200
 */
export function ask<Answer>(socketPath: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, timeout: PATIENCE }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode === 200) resolve(JSON.parse(text) as Answer)
        else reject(new Error(`${path}: ${response.statusCode} ${text}`))
      })
    })
    asked.on('timeout', () => asked.destroy(new Error(`${path}: no answer within ${PATIENCE / 1000} s`)))
    asked.on('error', reject)
    asked.end()
  })
}
