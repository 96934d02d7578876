/**
 * Makes the file tree that buildah sees and gives the process to it. Runs as pid 1 of a new pid and mount namespace,
 * as root or as the root of a user namespace. Nothing of it is made from user input: all paths come as arguments.
 *
 * root etc bin lock lock-option storage context work layout uid gid command [argument...]
 */
export const buildRootScript = `#!/bin/sh
set -eu
root=$1 etc=$2 bin=$3 lock=$4 lock_option=$5 storage=$6 context=$7 work=$8 layout=$9
shift 9
uid=$1 gid=$2
shift 2

# Held by everything that is started from here; a sweep takes it exclusively.
exec 9<"$lock"
flock "$lock_option" 9

bind() { mount --bind "$1" "$2"; }
bind_readonly() { mount --bind "$1" "$2"; mount -o "remount,bind,ro,nodev$3" "$2"; }

mount -t tmpfs -o mode=0755,size=64m,nosuid tmpfs "$root"
cd "$root"
mkdir -p usr etc proc sys dev/net dev/pts dev/shm tmp var run/user old
mkdir -p build/bin build/storage build/context build/work build/layout

# newuidmap in /usr needs its set-user-id bit.
bind_readonly /usr usr ''
for name in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$name" ]; then
    ln -s "$(readlink "/$name")" "$name"
  elif [ -d "/$name" ]; then
    mkdir "$name"
    bind_readonly "/$name" "$name" ''
  fi
done
bind_readonly "$etc" etc ,nosuid
for name in ssl/certs pki/ca-trust pki/tls/certs; do
  if [ -d "/etc/$name" ]; then bind_readonly "/etc/$name" "etc/$name" ,nosuid; fi
done

bind_readonly "$bin" build/bin ,nosuid
bind_readonly "$context" build/context ,nosuid
bind "$storage" build/storage
bind "$work" build/work
bind "$layout" build/layout

device() {
  # Made where that is allowed; in a user namespace it is not, there the host's own node is bound.
  if ! mknod -m 666 "dev/$1" c "$2" "$3" 2>/dev/null; then
    : >"dev/$1"
    bind "/dev/$1" "dev/$1"
  fi
}
if [ "$uid" = 0 ]; then
  mknod() { return 1; }
fi
device null 1 3
device zero 1 5
device full 1 7
device random 1 8
device urandom 1 9
device tty 5 0
if [ -e /dev/net/tun ]; then device net/tun 10 200; fi
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev tmpfs dev/shm
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr

mount -t proc -o nosuid,nodev,noexec proc proc
# runc wants to see a cgroup mount; of the cgroup namespace it shows nothing of the host.
mkdir -p sys/fs/cgroup
mount -t cgroup2 -o ro,nosuid,nodev,noexec cgroup2 sys/fs/cgroup

chmod 1777 tmp
ln -s ../tmp var/tmp
mkdir "run/user/$uid" run/containers
if [ "$uid" != 0 ]; then chown "$uid:$gid" "run/user/$uid" run/containers; fi
chmod 0700 "run/user/$uid" run/containers

pivot_root . old
cd /
umount -l old
rmdir old

# The death signal is set last: the kernel clears it when the user changes.
if [ "$uid" != 0 ]; then
  exec setpriv --reuid "$uid" --regid "$gid" --clear-groups --inh-caps=-all --pdeathsig TERM -- "$@"
fi
exec setpriv --inh-caps=-all --pdeathsig TERM -- "$@"
`;
