#!/bin/sh
# The LAN settings of a simulated BMC, as `ipmitool lan print` shows them in-band and over the
# network: ipmi_sim asks for them one or more words at a time.
[ "$1" = get ] || exit 0
shift
for word in "$@"; do
    case $word in
        ip_addr) echo "ip_addr:@ADDRESS@" ;;
        ip_addr_src) echo "ip_addr_src:static" ;;
        subnet_mask) echo "subnet_mask:255.255.255.0" ;;
        mac_addr) echo "mac_addr:@MAC@" ;;
        default_gw_mac_addr | backup_gw_mac_addr) echo "$word:00:00:00:00:00:00" ;;
        default_gw_ip_addr | backup_gw_ip_addr) echo "$word:0.0.0.0" ;;
    esac
done
