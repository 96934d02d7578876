/** The stages of the self-test: the second brings a link to `/` (CVE-2024-1753), the third looks around. */
export const probeDockerfile = `FROM scratch AS base
COPY busybox /bin/sh
FROM base AS trap
COPY trap /
FROM base
COPY self-test /self-test
RUN --mount=type=bind,from=trap,source=/host,target=/mnt/host,rw . /self-test/probe.sh
`;

/** What the probe looks for, as the lines it prints say. */
export const probeFindings = [
  'process',
  'file',
  'file-by-escape',
  'file-by-mount',
  'file-by-process',
  'device',
  'service',
] as const;
export type ProbeFinding = (typeof probeFindings)[number];

/** Printed at the end: without it the probe saw nothing because it did not run. */
export const probeComplete = 'probe complete';

/**
 * Runs in a RUN, by a static busybox alone. Reads /self-test/token, /self-test/files (paths of the host) and
 * /self-test/port (of a listener on the host's loopback); prints `found <what>` for all that it can reach.
 */
export const probeScript = `
token=/self-test/token
found() { echo "found $1"; }

for cmdline in /proc/[0-9]*/cmdline; do
  # The token comes from a file: on a command line the probe would find itself.
  if tr '\\0' '\\n' <"$cmdline" 2>/dev/null | grep -qxF -f "$token"; then found process; fi
done

exec 7</
while read -r path; do
  if [ -e "$path" ]; then found file; fi
  if [ -e "/mnt/host$path" ]; then found file-by-mount; fi
  for root in /proc/[0-9]*/root /proc/[0-9]*/cwd; do
    if [ -e "$root$path" ]; then found file-by-process; fi
  done
  # The way out of a chroot: a new root inside the old one, while the working directory stays outside of it.
  if chroot /proc /self/fd/7/bin/sh -c '
    cd -P /self/fd/7 || exit 1
    for step in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      if [ -e ".$0" ]; then exit 0; fi
      cd -P .. || exit 1
    done
    exit 1' "$path" 2>/dev/null; then found file-by-escape; fi
done </self-test/files

for device in /dev/* /dev/*/*; do
  case "$device" in
    /dev/null | /dev/zero | /dev/full | /dev/random | /dev/urandom | /dev/tty | /dev/ptmx | /dev/console | /dev/pts/*) ;;
    /dev/std* | /dev/fd/*) ;;
    *) if [ -b "$device" ] || [ -c "$device" ]; then found device; fi ;;
  esac
done
while read -r major minor rest; do
  case "$major$minor" in '' | *[!0-9]*) continue ;; esac
  if mknod /self-test/disk b "$major" "$minor" 2>/dev/null && head -c 1 /self-test/disk >/self-test/byte 2>/dev/null; then
    if [ -s /self-test/byte ]; then found device; fi
  fi
  rm -f /self-test/disk
done </proc/partitions

read -r port </self-test/port
for address in 127.0.0.1 ::1 10.0.2.2; do
  nc -w 2 "$address" "$port" <"$token" >/dev/null 2>&1 &
done
wait
echo "${probeComplete}"
`;
