/** What is offered to the shells, word by word. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { commandTree } from '../../../daemon/cli/command-tree.ts'
import { complete, completionScript } from '../../../daemon/cli/completion.ts'
import { openScreen } from '../../../daemon/cli/screen.ts'

const tree = commandTree(openScreen(process.stdout, process.stderr, {}), {}, () => {})

test('commands are offered first, and theirs after them', () => {
  assert.deepEqual(complete(tree, ['ex']), ['explain'])
  assert.deepEqual(complete(tree, ['config', '']), ['check', 'schema'])
  assert.deepEqual(complete(tree, ['routes', 're']), ['received'])
  assert.deepEqual(complete(tree, ['node', '']), ['status', 'help'])
  assert.deepEqual(complete(tree, ['bigip', '']), ['status', 'plan', 'apply', 'vtep-values', 'help'])
  assert.deepEqual(complete(tree, ['do']), ['doctor'])
  assert.deepEqual(complete(tree, ['routes', '']), ['best', 'received', 'advertised'])
})

test('the hidden command that the scripts ask is not offered', () => {
  assert.deepEqual(complete(tree, ['comp']), ['completion'])
})

test('options are offered after a dash, their words after an option that takes one', () => {
  assert.ok(complete(tree, ['peers', '--']).includes('--check'))
  assert.deepEqual(complete(tree, ['routes', 'received', '--fam']), ['--family'])
  assert.deepEqual(complete(tree, ['routes', 'received', '--family', '']), ['ipv4', 'ipv6'])
  assert.deepEqual(complete(tree, ['peers', '-o', 'j']), ['json'])
  assert.deepEqual(complete(tree, ['completion', '']), ['bash', 'zsh', 'fish'])
  assert.deepEqual(complete(tree, ['bigip', 'apply', '--all']), ['--allow-deletions'])
  assert.deepEqual(complete(tree, ['controller', '--log-level', 'w']), ['warn'])
})

test('nothing is offered where only the person knows', () => {
  assert.deepEqual(complete(tree, ['explain', '']), [])
  assert.deepEqual(complete(tree, ['routes', 'received', '']), [])
  assert.deepEqual(complete(tree, ['peers', '--nope', '']), [])
})

test('where a file is wanted the shell offers it, and nowhere else', () => {
  for (const words of [
    ['agent', '--config', '/e'],
    ['config', 'check', ''],
    ['peers', '--socket', ''],
    ['bigip', 'plan', '--bigip', ''],
    ['doctor', '--kubeconfig', '/e'],
  ])
    assert.deepEqual(complete(tree, words), [':files'])
  const session = `
podpeer() { if [ "$3" = config ]; then echo :files; fi; }
compopt() { echo "compopt $1 $2"; }
${completionScript('bash')}
COMP_WORDS=(podpeer config check) COMP_CWORD=2
_podpeer
COMP_WORDS=(podpeer explain 10) COMP_CWORD=2
_podpeer
echo "\${#COMPREPLY[@]} offers"`
  assert.equal(execFileSync('bash', ['-eu', '-c', session], { encoding: 'utf8' }), 'compopt -o default\n0 offers\n')
})

test('bash takes its script, and asks it with the words typed so far', () => {
  const session = `
podpeer() { local IFS=' '; echo "$*"; }
${completionScript('bash')}
COMP_WORDS=(podpeer routes 'be') COMP_CWORD=2
_podpeer
printf '%s' "\${COMPREPLY[@]}"`
  assert.equal(execFileSync('bash', ['-euc', session], { encoding: 'utf8' }), 'complete -- routes be')
})
