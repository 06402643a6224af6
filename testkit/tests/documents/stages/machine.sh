# The machine web-01, which was examined and is Ready, and an image.
for name in vmlinuz initrd root.tar.zst; do echo "$name" >"$name"; done
ironraft ephemeral upload vmlinuz initrd
ironraft image upload debian/bookworm root.tar.zst --title "Debian 12" --filetype tzst
wait_for power on
enlisted() { ironraft machine list status:new power:off -o name | grep .; }
wait_for enlisted
ironraft machine set status:new hostname=web-01
ironraft machine commission web-01 --yes --wait=ready
