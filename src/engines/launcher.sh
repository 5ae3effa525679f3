# Launcher: PID 1 of the engine's container. Runs $R/ID/cmd for each job that the guest agent puts there, publishes its pid and exit status,
# forwards signals, reaps, and stops every job before it ends. It knows no engine and takes no decision; the agent does (src/guest/agent).
# POSIX sh, tested under dash, bash and busybox ash by test/launcher. The protocol is described, and its other side spoken, in
# src/guest/launcher/client.ts. Lines that are comments are taken out when the text is put into a pod (launcher-script.ts).
set -u
umask 007
T=${TROVE_DIR:-/trove} S=${TROVE_SH:-sh} term=0 due=0 reader= ticker=

# What this script, the agent's jobs and the volume's lock need of the image. If one is missing, nothing that could be reported with may be
# there either: hence built-ins only. The container then stays, doing nothing: one that ended would be restarted for ever, each time later,
# and look now like this and now like that; as it is, the agent reports one steady fault. Without sleep and mkfifo, the way to wait at no
# cost is a child that stops itself.
lacking=
for tool in cat flock head mkdir mkfifo mv rm setsid sh sleep sync; do
  command -v "$tool" >/dev/null || lacking="$lacking $tool"
done
if [ "$lacking" ]; then
  trap 'exit 0' TERM INT
  echo "${lacking# }" >"$T/unsuitable"
  echo "this image lacks:$lacking" >&2
  (read -r me rest </proc/self/stat; kill -s STOP "$me") &
  wait $!
  exit 78
fi

# The trap rings the bell: a signal between the test of $term below and 'wait' would be slept through.
trap 'term=1; echo >&3' TERM INT
# The ticker below, while stopping.
trap 'due=1; echo >&3' HUP
read -r boot </proc/sys/kernel/random/uuid
R=$T/$boot
# <>: open never blocks, read never sees an end of file.
mkdir "$R" && mkfifo "$R/bell" && exec 3<>"$R/bell" || exit 70
# Publishes by rename: nobody reads half a file.
say() { echo "$2" >"$1.tmp" && mv "$1.tmp" "$1"; }
say "$T/protocol" 1
# A new boot id: every job of an older boot is lost.
say "$T/boot" "$boot"

# start DIR. Never ':' for 'echo' here: a failed redirection of a special built-in ends the shell, and that is PID 1.
# The watcher stays outside the job's process group. The job publishes its own pid once it leads its group and TERM is no longer ignored:
# a signal sent earlier would be lost.
start() {
  echo >"$1/started" || return
  (
    trap '' TERM INT
    (trap - TERM INT; exec setsid "$S" -c 'echo "$$" >"$0/pid.tmp" && mv "$0/pid.tmp" "$0/pid"; echo >&3; exec "$1" "$0/cmd" "$0" 3>&-' "$1" "$S") &
    wait $!; say "$1/rc" $?; echo >&3
  ) &
}

# sig DIR GROUP SIGNAL, where GROUP is '-' for the job's whole group and '' for its process alone. Not 'kill -s NAME -- PID': busybox takes
# the '--' for a process that is not there, signals the job all the same, and fails.
sig() { read -r p <"$1/pid" && kill "-$3" "$2$p"; } 2>/dev/null

while :; do
  left=
  for d in "$R"/*/; do
    d=${d%/}
    [ -e "$d/cmd" ] && [ ! -e "$d/rc" ] || continue
    [ -e "$d/started" ] || { [ $term = 0 ] && start "$d"; } || continue
    # What was started just now counts too: TERM may come before the next look.
    left="$left $d"
    [ -e "$d/kill" ] && read -r how s <"$d/kill" && { [ "$how" = group ] && g=- || g=; sig "$d" "$g" "$s" && rm -f "$d/kill"; }
  done
  if [ $term = 1 ]; then
    [ "$ticker" ] || { say "$T/stopping" "$boot"; (trap - TERM INT; while sleep 5; do kill -s HUP "$$"; done) & ticker=$!; }
    [ "$left" ] || { kill "$ticker"; exit 0; }
    # Asked once, then again at each tick: an engine that has not installed its handler yet loses the first.
    for d in $left; do
      [ $due = 0 ] && [ -e "$d/asked" ] && continue
      if [ -e "$d/stop" ]; then read -r s <"$d/stop"; sig "$d" '' "$s"; else sig "$d" - TERM; fi && echo >"$d/asked"
    done
    due=0
  fi
  [ "$reader" ] || { (trap - TERM INT HUP; read -r _ <&3) & reader=$!; }
  # Wakes on the bell; meanwhile reaps every orphan.
  wait "$reader"; r=$?
  [ $r -gt 128 ] && kill -0 "$reader" 2>/dev/null || reader=
done
