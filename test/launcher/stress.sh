#!/usr/bin/env bash
# stress.sh SHELL ROUNDS LAUNCHER [TICK]: runs the launcher in the file LAUNCHER under SHELL (dash, bash or busybox), ROUNDS times, each with
# jobs that end, jobs that are killed and a TERM at an awkward moment. Ends non-zero at the first round in which the launcher hangs, a job is
# run twice or has no exit status or the wrong one, or a process of a job survives. TICK says that the launcher in the file repeats its stop
# signals at least every second (as shipped it is 5 s): then each fourth round has a job that loses the first one.
# LIMIT is the number of seconds after which something is called a hang (15).
set -u
shell=$1 rounds=$2 launcher=$3 tick=${4:-} limit=${LIMIT:-15}
work=$(mktemp -d)
case $shell in
  busybox)
    # Every tool is busybox's; only flock may be missing in a distribution's build of it.
    mkdir "$work/bin" && busybox --install -s "$work/bin" && ln -sf "$(command -v flock)" "$work/bin/flock" || exit 2
    run=(env "PATH=$work/bin" TROVE_SH=sh "$(command -v busybox)" ash)
    ;;
  *) run=(env "TROVE_SH=$shell" "$shell") ;;
esac

ring() { echo >>"$R/bell"; }
# job ID [STOP] <SCRIPT: one rename publishes the whole request.
job() {
  mkdir "$R/.$1" && { echo "export TROVE_STRESS_JOB=$TROVE_DIR; echo >>\"\$1/runs\""; cat; } >"$R/.$1/cmd"
  [ -z "${2:-}" ] || echo "$2" >"$R/.$1/stop"
  mv "$R/.$1" "$R/$1" && ring
}
# appears FILE: false when it has not come within the limit.
appears() {
  local left=$((limit * 200))
  until [ -e "$1" ]; do
    [ $((left -= 1)) -gt 0 ] || return
    sleep 0.005
  done
}
# vanishes FILE: the same for a file that is to go.
vanishes() {
  local left=$((limit * 200))
  while [ -e "$1" ]; do
    [ $((left -= 1)) -gt 0 ] || return
    sleep 0.005
  done
}
# Every process of this round, and those of them that belong to jobs.
everyone() { grep -lsxzF "TROVE_DIR=$TROVE_DIR" /proc/[0-9]*/environ | cut -d/ -f3; }
jobs_left() {
  local p
  for p in $(everyone); do
    { grep -qsxzF "TROVE_STRESS_JOB=$TROVE_DIR" "/proc/$p/environ" || grep -qsF "$R/" "/proc/$p/cmdline"; } && echo "$p"
  done
}
# Ends every process of this round. One may be forked while its parent is being ended: hence until there is none to end. (The list always
# has the pids of the programs that make it, which are gone by then.)
end_everyone() {
  local tries p ended
  for tries in {1..100}; do
    ended=
    for p in $(everyone); do kill -9 "$p" 2>/dev/null && ended=1; done
    [ "$ended" ] || return 0
  done
}
# Jobs that end by themselves, one that is killed, one that is stopped.
crowd() {
  local j
  for j in 1 2 3; do echo "sleep 0.0$((RANDOM % 9)); exit $j" | job $j; done
  echo 'exec sleep 61' | job 4
  echo 'exec sleep 61' | job 5 TERM
  [ $((i / 4 % 2)) = 1 ] && echo 'group TERM' >"$R/4/k" || echo 'proc TERM' >"$R/4/k"
  mv "$R/4/k" "$R/4/kill" && ring
}
failed() {
  echo "$shell, round $i: $1"
  wrong=1
}

round() {
  local L W j rc ended
  wrong=
  export TROVE_DIR=$work/$i
  mkdir "$TROVE_DIR"
  "${run[@]}" "$launcher" 2>"$TROVE_DIR/stderr" & L=$!
  appears "$TROVE_DIR/boot" || { failed "no boot id: $(cat "$TROVE_DIR/stderr")"; end_everyone; return; }
  R=$TROVE_DIR/$(cat "$TROVE_DIR/boot")
  # The kinds of rounds differ in the moment at which TERM comes.
  case $((i % 4)) in
    0) # any
      crowd && sleep "0.$(printf %03d $((RANDOM % 120)))"
      ;;
    1) # the launcher has looked, and found nothing
      crowd
      for j in 1 2 3 4; do appears "$R/$j/rc" || failed "no exit status of job $j"; done
      # The launcher removes the request after it has sent the signal, and the job may have ended in between.
      vanishes "$R/4/kill" || failed 'a request to kill is still there long after it was carried out'
      mv "$R/1" "$R/.gone-1" && rm -rf "$R/.gone-1" # as the agent does it
      # The FIFO is empty and the launcher has gone back to wait. One more ring, and TERM while it looks.
      while read -rt 0 <"$R/bell"; do sleep 0.01; done
      sleep 0.1 && ring && sleep "0.01$((RANDOM % 9))"
      ;;
    2) # the one job was taken up just now
      echo 'exec sleep 61' | job 4
      appears "$R/4/started" || failed 'job 4 was not taken up'
      ;;
    3) # an engine is deaf
      crowd
      [ -z "$tick" ] || {
        echo 'trap "" USR1; echo >"$1/deaf"; sleep 0.4; trap "exit 6" USR1; while :; do sleep 0.02; done' | job 6 USR1
        appears "$R/6/deaf" || failed 'job 6 did not start'
      }
      ;;
  esac
  kill -TERM $L
  sleep "$limit" & W=$!
  wait -n -p ended $L $W; rc=$?
  if [ "$ended" = $W ]; then failed 'hangs after TERM'; else [ $rc = 0 ] || failed "launcher ended with $rc"; fi
  # Not TERM: a subshell that has not become sleep yet would run this script's EXIT trap.
  kill -9 $W 2>/dev/null; wait $W 2>/dev/null
  [ -z "$(jobs_left)" ] || failed "survivors: $(jobs_left | tr '\n' ' ')"
  for j in "$R"/[1-6]; do
    [ -e "$j/started" ] || continue
    [ -e "$j/rc" ] && rc=$(cat "$j/rc") || rc=none
    case ${j##*/} in
      [123]) [ "$rc" = "${j##*/}" ] || [ "$rc" = 143 ] ;; # 143: it had not ended when TERM came
      [45]) [ "$rc" = 143 ] ;;
      6) [ "$rc" = 6 ] ;;
    esac || failed "job ${j##*/} has exit status $rc"
    [ "$(cat "$j/runs" 2>/dev/null | wc -l)" -le 1 ] || failed "job ${j##*/} ran twice"
  done
  [ -z "$wrong" ] || cat "$TROVE_DIR/stderr"
  end_everyone
  wait $L 2>/dev/null
  rm -rf "$TROVE_DIR"
}

trap 'rm -rf "$work"' EXIT
for ((i = 1; i <= rounds; i++)); do
  round 2> >(grep -vE 'Terminated|Killed' >&2)
  [ -z "$wrong" ] || exit 1
done
