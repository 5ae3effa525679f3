/**
 * Variants of the launcher for its stress test. `stretched` is the same launcher with the moments in which it could go wrong made longer,
 * so that a fault is met in each round and not once in hundreds. A mutant is a stretched launcher with one defence taken out: the stress test
 * is worth something only if it fails each of them. A change that no longer fits the script's text is an error, never an unchanged copy.
 */
interface Change {
  from: string
  to: string
}

const stretching: readonly Change[] = [
  // Between looking at the jobs and waiting for the bell.
  { from: '  wait "$reader"; r=$?', to: '  sleep 0.04\n  wait "$reader"; r=$?' },
  // Between a job's start and the question whether to stop.
  { from: '&& start "$d"; }', to: '&& start "$d" && sleep 0.04; }' },
  // Between the birth of a job and the moment at which signals reach it.
  { from: '(trap - TERM INT; exec setsid', to: '(sleep 0.4; trap - TERM INT; exec setsid' },
  // Stop signals are repeated sooner: a round must not take 5 s.
  { from: 'while sleep 5; do', to: 'while sleep 0.5; do' },
]

export interface Mutant {
  name: string
  change: Change
}

export const mutants: readonly Mutant[] = [
  { name: 'the trap does not ring the bell', change: { from: "trap 'term=1; echo >&3' TERM INT", to: "trap 'term=1' TERM INT" } },
  {
    name: 'the pid is published before signals reach the job',
    change: { from: 'wait $!; say "$1/rc" $?', to: 'child=$!; say "$1/pid" $child; echo >&3; wait $child; say "$1/rc" $?' },
  },
  {
    name: 'a job is claimed only once it runs',
    change: { from: '  echo >"$1/started" || return\n  (\n', to: '  (\n    sleep 0.1; echo >"$1/started"\n' },
  },
  {
    name: 'a job that was started just now is not waited for',
    change: { from: '&& sleep 0.04; } || continue', to: '&& sleep 0.04 && continue; } || continue' },
  },
  { name: 'the stop signal is not repeated', change: { from: "trap 'due=1; echo >&3' HUP", to: "trap 'echo >&3' HUP" } },
  {
    name: 'it ends without waiting for its jobs',
    change: { from: '[ "$left" ] || { kill "$ticker"', to: '[ "$due" = 2 ] || { kill "$ticker"' },
  },
]

export const stretched = (launcher: string): string => stretching.reduce(applied, launcher)
export const mutated = (launcher: string, mutant: Mutant): string => applied(stretched(launcher), mutant.change)

function applied(text: string, { from, to }: Change): string {
  if (text.split(from).length !== 2) throw new Error(`the launcher no longer contains exactly once: ${from}`)
  return text.replace(from, () => to)
}
