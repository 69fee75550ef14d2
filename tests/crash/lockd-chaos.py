from locklib import *
import os,time,signal,random,threading
from box import wait_for
b=lock_box("r"); S="/var/lib/libvirt/lockd/f"; rnd=random.Random(int(os.environ.get("SEED","5")))
for i in range(6): open(b.images+"/i%d"%i,"w").close()
stop=False; odd={}; counts={}
def note(k): odd[k]=odd.get(k,0)+1
final={}
def worker(n):
    r=random.Random(n); held={}; c=None; unsure=set()
    while not stop:
        try:
            if c is None:
                c=Client(b.lock_sock); c.sock.settimeout(15)
                if c.register(800000+n): note("register")
            k=r.randrange(6); sp,nm=(S,"r%d"%k) if r.random()<.5 else ("","/var/lib/libvirt/images/i%d"%k)
            mine=(sp,nm)
            # only own resources: i.e. name per worker in S
            if sp: nm="w%d-%d"%(n,k)
            elif k%3!=n: continue
            mine=(sp,nm)
            if mine in held:
                op="rel"; x=c.release(sp,nm); 
                if x is None or mine in unsure: held.pop(mine); unsure.discard(mine)
                else: note(("release",x[0],x[2][:80])); held.pop(mine)
            else:
                op="acq"; x=c.acquire(sp,nm,2 if sp else 0)
                if x is None: held[mine]=1
                else: note(("acquire",x[0],x[2][:80])); 
            counts[op]=counts.get(op,0)+1
        except (OSError,EOFError) as e:
            note(repr(e)[:50]); 
            # the call's outcome is unknown: ask for it: release, ignore
            c=None; held.setdefault(mine,1); unsure.add(mine); time.sleep(.05)
    final[n]=(held,unsure)
with b:
    x=Client(b.lock_sock); x.register(1); x.create_lockspace(S); x.close()
    th=[threading.Thread(target=worker,args=(n,)) for n in range(3)]
    [t.start() for t in th]
    def kp(): return [p for p,c in b.processes() if os.path.basename(c.split(" ")[0])=="virtlockd"]
    end=time.time()+float(os.environ["T"]); kills={}
    KS=os.environ["KS"].split(",")
    while time.time()<end:
        what=rnd.choice(KS)
        try:
            if what in("USR1","HUP"): os.kill(kp()[0],getattr(signal,"SIG"+what))
            elif what=="keeper":
                os.kill(kp()[0],9); time.sleep(.02); b.say(b.lockd)
                try: wait_for("up",lambda: Client(b.lock_sock).close() is None)
                except Exception as e: note("keeper "+repr(e))
            else:
                ps=b.role(what); os.kill(rnd.choice(ps),9)
            kills[what]=kills.get(what,0)+1
        except (ProcessLookupError,IndexError): pass
        EV=globals().setdefault("EV",[]); EV.append((time.strftime("%H:%M:%S",time.gmtime())+(".%03d"%(time.time()%1*1000)),what)); time.sleep(.05+rnd.random()*.2)
        if "are lost" in b.log_text() and not globals().get("SEEN"): SEEN=1; print("LOST after",EV[-6:])
    time.sleep(1); stop=True; [t.join() for t in th]; time.sleep(1)
    print(kills,counts); print(odd)
    L={(l[0],l[1]) for l in leases(b)}
    H={m for h,u in final.values() for m in h if m not in u}; U={m for h,u in final.values() for m in u}
    print("held not listed",H-L,"listed not held",L-H-U,"unsure",U)
    print("not locked",[m for m in L if not is_locked(b.dir+("/"+m[0] if m[0] else "")+"/"+m[1])])
    for i in range(6):
        if ("","/var/lib/libvirt/images/i%d"%i) not in L and is_locked(b.images+"/i%d"%i): print("leaked lock",i)
    for i in range(6):
        if ("","/var/lib/libvirt/images/i%d"%i) not in L and is_locked(b.images+"/i%d"%i):
            ino=os.stat(b.images+"/i%d"%i).st_ino
            for p,cm in b.processes():
                try:
                    for f in os.listdir("/proc/%d/fd"%p):
                        try:
                            if os.stat("/proc/%d/fd/%s"%(p,f)).st_ino==ino: print("   i%d held by"%i,p,cm,f,open("/proc/%d/fdinfo/%s"%(p,f)).read().replace("\n"," "))
                        except OSError: pass
                except OSError: pass
            for p,cm in b.processes(): 
                if "holder" in cm or cm.endswith("virtlockd"): print("   fds of",cm,len(os.listdir("/proc/%d/fd"%p)), "leases",len(L))
    print([l for l in b.log_text().splitlines() if "lost" in l or "refus" in l or "malform" in l][-5:])
    open("/var/tmp/attack/t/f8.log","w").write(b.log_text())
    print(sorted(os.listdir(b.dir+S)))
