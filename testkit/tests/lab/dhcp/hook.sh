#!/bin/sh
# What a DHCP client runs when something happens. It does what the client leaves to it, and writes one line.
#
# dhclient says what happened in $reason and udhcpc in $1; both leave addresses and routes to this script. dhcpcd sets them
# itself. An address that stands in the file `refused` is not taken: dhclient then declines it (dhclient-script(8)).
program=@PROGRAM@
folder=@FOLDER@
reason=${reason:-$1}
address=${new_ip_address:-$ip}
mask=${new_subnet_mask:-$subnet}
routers=${new_routers:-$router}
status=0

if [ -n "$address" ] && grep -qx "$address" "$folder/refused" 2>/dev/null; then
    reason=REFUSED
    status=1
fi
case $program/$reason in
    dhcpcd/*) ;;
    */PREINIT | */deconfig) ip address flush dev "$interface" && ip link set "$interface" up ;;
    */BOUND | */RENEW | */REBIND | */REBOOT | */bound | */renew)
        ip address replace "$address/$mask" dev "$interface"
        ip route replace default via "${routers%% *}"
        ;;
    */EXPIRE | */FAIL | */RELEASE | */STOP) ip address flush dev "$interface" ;;
esac
printf '%s\t' "reason=$reason" "address=$address" "mask=$mask" "routers=$routers" \
    "dns=${new_domain_name_servers:-$dns}" "domain=${new_domain_name:-$domain}" \
    "name=${new_host_name:-$hostname}" "server=${new_dhcp_server_identifier:-$serverid}" \
    "lease=${new_dhcp_lease_time:-$lease}" >>"$folder/events"
echo >>"$folder/events"
exit $status
