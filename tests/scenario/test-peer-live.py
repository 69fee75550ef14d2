#!/usr/bin/python3
"""What virsh changes of a running guest beside its devices: processors, I/O threads, limits of disks, what is done at the end; in the guest, in its document, in its
definition, and after it was started again or restored; with libvirtd's words where it refuses."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from pair import Pair, guests

LINES = """define W/busy.xml
define W/idle.xml
start busy
setmaxmem busy 131072 --live
setmaxmem busy 131072
setvcpus busy 2
setvcpus busy 3
setvcpus busy 1 --live
setvcpus busy 2 --live --config
setvcpus busy 1 --guest
setvcpus busy 9 --guest
setvcpu busy 1 --enable --live
setvcpu busy 0 --disable --live
setvcpu busy 1 --disable --live
setvcpu busy 9 --disable --live
setvcpu busy 1 --enable
dumpxml busy
vcpucount busy
vcpupin busy
vcpupin busy 9 0 --live
blkdeviotune busy vda
blkdeviotune busy vda --total-bytes-sec 1048576 --live
blkdeviotune busy vda
blkdeviotune busy vda --total-bytes-sec 1048576 --read-bytes-sec 5 --live
blkdeviotune busy vda --total-iops-sec 100 --total-iops-sec-max 200 --live --config
blkdeviotune busy vda --total-iops-sec 0 --live
blkdeviotune busy vda --total-iops-sec-max 50 --live
blkdeviotune busy vda --read-iops-sec-max 50 --live
blkdeviotune busy vda --config
blkdeviotune busy vda --group-name g1 --live
blkdeviotune busy vda
blkdeviotune busy nosuch --total-iops-sec 100
blkdeviotune busy nosuch --total-iops-sec 100 --live --config
blkdeviotune busy hda --total-iops-sec 100
blkdeviotune busy hda --group-name g1
blkdeviotune busy hda --size-iops-sec 4096 --total-iops-sec-max-length 3
blkdeviotune busy hda
blkdeviotune busy nosuch
iothreadadd busy 2
iothreadadd busy 2
iothreadadd busy 3 --live --config
iothreadinfo busy
iothreadpin busy 9 0 --live
iothreadset busy 2 --poll-max-ns 100
iothreadset busy 2 --poll-max-ns 100 --poll-grow 2 --poll-shrink 3 --live
iothreadset busy 9 --poll-max-ns 100
iothreadset busy 3 --poll-max-ns 100 --config
iothreadset busy 2 --poll-max-ns 9999999999999
iothreadset busy 2 --thread-pool-min 4
iothreadset busy 2 --thread-pool-min 4 --thread-pool-max 2
iothreadset busy 2 --thread-pool-min 4 --thread-pool-max 20
iothreadset busy 2 --thread-pool-max -1
iothreadset busy 3 --thread-pool-max 5 --live --config
domstats busy --iothread
dumpxml busy
iothreadpin busy 2 0 --live
iothreaddel busy 2
iothreaddel busy 2
domif-setlink busy 52:54:00:b0:00:01 down
domif-getlink busy 52:54:00:b0:00:01
iothreaddel busy 9 --config
set-lifecycle-action busy poweroff preserve --live
set-lifecycle-action busy poweroff restart --live
set-lifecycle-action busy reboot destroy --live --config
set-lifecycle-action busy crash preserve
set-lifecycle-action busy crash restart --config
set-lifecycle-action busy poweroff destroy
set-lifecycle-action busy reboot destroy
perf busy
perf busy --enable nosuch
dumpxml busy
dumpxml busy --inactive
vcpupin busy 0 1 --live
vcpupin busy 1 0 --live
vcpupin busy 0 5 --live
vcpupin busy 0 r --live
vcpupin busy 0 0
vcpupin busy 1 1 --live --config
vcpupin busy
vcpupin busy --config
emulatorpin busy 1 --live
emulatorpin busy 7 --live
emulatorpin busy 0 --live --config
emulatorpin busy
iothreadpin busy 1 1 --live
iothreadpin busy 1 0 --live --config
iothreadpin busy 2 1
iothreadinfo busy
schedinfo busy
schedinfo busy --set cpu_shares=2000 --live
schedinfo busy --set cpu_shares=1 --live
schedinfo busy --set cpu_shares=0 --live
schedinfo busy --set vcpu_quota=50000 --live
schedinfo busy --set vcpu_period=20000 --live
schedinfo busy --set vcpu_period=20 --live
schedinfo busy --set emulator_quota=50000 emulator_period=90000
schedinfo busy --set global_quota=150000 --live
schedinfo busy --set global_period=50000 --live
schedinfo busy --set iothread_quota=150000 --live
schedinfo busy --set iothread_quota=50000 --config
schedinfo busy --set vcpu_quota=-1 --live
schedinfo busy --set vcpu_period=0 --live
schedinfo busy
memtune busy
memtune busy --hard-limit 800000 --live
memtune busy --soft-limit 700000 --live
memtune busy --swap-hard-limit 900000 --live
memtune busy --hard-limit 1000000 --live
memtune busy --hard-limit 100 --live
memtune busy --hard-limit -1 --live
memtune busy --swap-hard-limit -1 --live
memtune busy --soft-limit 600000 --live --config
memtune busy
blkiotune busy
blkiotune busy --weight 500 --live
blkiotune busy --weight 5 --live --config
blkiotune busy
numatune busy --nodeset 0 --live
numatune busy --mode strict --nodeset 0 --live
numatune busy --mode interleave --live
numatune busy --nodeset 99 --live
numatune busy
dumpxml busy
dumpxml busy --inactive
domiftune busy 52:54:00:b0:00:01 --inbound 100 --live
schedinfo busy --set vcpu_quota=1 --live
memtune busy --min-guarantee 5
domdirtyrate-calc busy --seconds 0
domdirtyrate-calc busy --mode dirty-ring
domdirtyrate-calc idle
domjobabort busy
domjobabort idle
domjobabort busy --postcopy
dompmwakeup busy
migrate-getspeed busy
migrate-getspeed idle
migrate-setspeed busy 55
migrate-getspeed busy
migrate-setspeed busy 99999999999999
migrate-setspeed busy 50 --postcopy
migrate-getspeed busy --postcopy
migrate-getspeed idle --postcopy
migrate-getmaxdowntime busy
migrate-setmaxdowntime busy 200
migrate-getmaxdowntime busy
migrate-setmaxdowntime busy 99999999
migrate-getmaxdowntime idle
migrate-compcache busy
migrate-compcache busy --size 134217728
migrate-compcache busy --size 5
migrate-compcache idle
migrate-postcopy busy
migrate-postcopy idle
setvcpus busy 1 --live --maximum --config
change-media busy hda --eject
dumpxml busy --xpath //disk
dumpxml busy --inactive --xpath //disk
change-media busy hda --eject
change-media busy hda W/cd.iso --insert
dumpxml busy --xpath //disk
perf busy --enable page_faults,context_switches --live --config
perf busy --enable cmt
perf busy --disable page_faults
perf busy --disable instructions --config
perf busy --enable nosuch
perf busy
perf busy --config
dumpxml busy --xpath //perf
dumpxml busy --inactive --xpath //perf
dompmsuspend busy mem
domfsfreeze busy
domfsfreeze idle
domfstrim idle
setvcpus busy 2 --config --hotpluggable
start busy
blkdeviotune busy vda
vcpucount busy
dumpxml busy
managedsave busy
start busy
vcpucount busy
dumpxml busy"""

with Pair("live") as p:
    guests(p)
    for line in LINES.splitlines():
        if line == "start busy" and p.count > 10 and "setvcpus" in last:
            p.virsh("destroy busy")
        p.virsh(line)
        last = line
    p.virsh("domdirtyrate-calc busy --seconds 1")
    p.until("$V domstats busy --dirtyrate | grep calc_status=2")
    p.virsh("domstats busy --dirtyrate", mask=[(r"(start_time|second)=\d+", r"\1=N")])
sys.exit(p.result())
