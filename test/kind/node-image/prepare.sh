# Runs inside the node image's root file system: leaves systemd only what a node needs, as kind does for its own node image.
set -e
units=/lib/systemd/system
rm -f $units/sysinit.target.wants/systemd-tmpfiles-setup.service
rm -f $units/multi-user.target.wants/* $units/local-fs.target.wants/* $units/basic.target.wants/*
rm -f $units/sockets.target.wants/*udev* $units/sockets.target.wants/*initctl*
rm -f /etc/systemd/system/*.wants/*
echo ReadKMsg=no >> /etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd /sbin/init
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service
