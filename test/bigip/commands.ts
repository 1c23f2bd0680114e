/** Calls that run something: save, config sync, a shell. */
import { isObject, type Json } from '../kube/json.ts'
import { runBash } from './bash.ts'
import { type Answer, bodyOf, ok, type Request } from './request.ts'
import { badBody, notAllowed } from './rest-error.ts'
import type { Unit } from './unit.ts'

/** Undefined where the path is no command. @throws RestError */
export async function runCommand(unit: Unit, request: Request): Promise<Answer | undefined> {
  switch (request.path.replace(/\/$/, '')) {
    case '/tm/sys/config':
      return saveOrLoad(unit, request)
    case '/tm/cm/config-sync':
      return configSync(unit, request)
    case '/tm/cm': {
      // the form of tmsh: POST /tm/cm {command:'run', utilCmdArgs:'config-sync to-group DG'}
      const { utilCmdArgs } = bodyOf(request)
      const [, group] = /^config-sync (?:force-full-load-push )?to-group (\S+)$/.exec(String(utilCmdArgs)) ?? []
      return sync(unit, group)
    }
    case '/tm/util/bash': {
      const { command, utilCmdArgs } = bodyOf(request)
      if (command !== 'run' || typeof utilCmdArgs !== 'string')
        throw badBody('command "run" and utilCmdArgs are required')
      if (unit.box.machine.applianceMode) throw notAllowed('The bash utility is not available in appliance mode.')
      const output = await runBash(unit, utilCmdArgs)
      const commandResult = output === '' ? {} : { commandResult: output }
      return ok({ kind: 'tm:util:bash:runstate', command, utilCmdArgs, ...commandResult })
    }
    case '/tm/util/unix-rm': {
      const { command, utilCmdArgs } = bodyOf(request)
      const path = String(utilCmdArgs).trim()
      const commandResult = unit.uploads.remove(path)
        ? {}
        : { commandResult: `/bin/rm: cannot remove '${path}': No such file or directory\n` }
      return ok({ kind: 'tm:util:unix-rm:runstate', command: command ?? 'run', utilCmdArgs: path, ...commandResult })
    }
    default:
      return undefined
  }
}

function saveOrLoad(unit: Unit, request: Request): Answer {
  const { command } = bodyOf(request)
  if (command !== 'save') throw badBody(`The command "${command}" is not supported.`)
  unit.save('tmsh')
  return ok({ kind: 'tm:sys:config:savestate', command: 'save' })
}

async function configSync(unit: Unit, request: Request): Promise<Answer> {
  const { command, options } = bodyOf(request)
  if (command !== 'run') throw badBody(`The command "${String(command)}" is not supported.`)
  return sync(unit, groupOf(options))
}

function groupOf(options: Json | undefined): string | undefined {
  const all = Array.isArray(options) ? options.filter(isObject) : []
  for (const option of all)
    for (const [name, value] of Object.entries(option)) if (name.endsWith('to-group')) return String(value)
  return undefined
}

async function sync(unit: Unit, group: string | undefined): Promise<Answer> {
  if (unit.group === undefined || group?.replace('/Common/', '') !== unit.group.name)
    throw badBody(`01020036:3: The requested device group (${group}) was not found.`)
  await unit.group.sync(unit)
  return ok({ kind: 'tm:cm:config-sync:runstate', command: 'run' })
}
