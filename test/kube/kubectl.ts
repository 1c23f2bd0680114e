/** For tests: real kubectl, with a home of its own, in front of a stand-in. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

/** The kubectl on the PATH. */
const program = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map(path => join(path, 'kubectl'))
  .find(existsSync)
if (program === undefined && process.env['CI'] === 'true')
  throw new Error('the tests need kubectl, and there is none on the PATH')

/** Some installations carry one binary per minor beside a dispatcher. */
export const minors = [27, 28, 29, 30, 31, 32, 33].flatMap(minor => {
  const path = program && join(dirname(realpathSync(program)), `kubectl.1.${minor}`)
  return path && existsSync(path) ? [{ minor, path }] : []
})
export const skip = program === undefined && 'there is no kubectl on the PATH'

export interface Result {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  /** Instead of the one on the PATH. */
  readonly binary?: string
  readonly extra?: Record<string, string>
  /** Standard input. */
  readonly input?: string
}

export class Kubectl {
  readonly folder = mkdtempSync(join(tmpdir(), 'podpeer-kubectl-'))
  readonly kubeconfig = join(this.folder, 'kubeconfig')
  readonly program = program ?? 'kubectl'

  constructor() {
    process.on('exit', () => rmSync(this.folder, { recursive: true, force: true }))
  }

  /** Whose cluster it is, and who asks. */
  configure(kubeconfig: string): void {
    writeFileSync(this.kubeconfig, kubeconfig)
  }

  environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOME: this.folder,
      KUBECONFIG: this.kubeconfig,
      KUBECACHEDIR: join(this.folder, 'cache'),
      ...extra,
    }
  }

  /** @param words as a person types them, or one by one where they have spaces in them */
  run(
    words: string | readonly string[],
    { binary = this.program, extra = {}, input }: RunOptions = {},
  ): Promise<Result> {
    const args = typeof words === 'string' ? words.split(' ') : words
    return new Promise(resolve => {
      const child = execFile(binary, args, { env: this.environment(extra) }, (failure, out, err) => {
        resolve({ code: failure === null ? 0 : Number(failure.code), out, err })
      })
      child.stdin?.end(input)
    })
  }

  async works(words: string | readonly string[], options?: RunOptions): Promise<string> {
    const { code, out, err } = await this.run(words, options)
    assert.equal(code, 0, `kubectl ${words}: ${err}`)
    return out
  }

  /** @returns what it said */
  async refused(words: string | readonly string[], options?: RunOptions): Promise<string> {
    const { code, err } = await this.run(words, options)
    assert.equal(code, 1, `kubectl ${words} must be refused`)
    return err.trim()
  }

  /** @returns the path of a file with this in it */
  manifest(name: string, value: object): string {
    const path = join(this.folder, `${name}.json`)
    writeFileSync(path, JSON.stringify(value))
    return path
  }
}
