/** A thread that has nothing to do but timers: what the machine itself makes late. Answers any message with its figures. */
import { parentPort } from 'node:worker_threads'
import { measureLateness } from './timer-lateness.ts'

const end = measureLateness()
parentPort?.once('message', () => parentPort?.postMessage(end()))
