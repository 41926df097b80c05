import { runInRoot } from "#container/run";
const PLAIN = "bwrap --unshare-all --die-with-parent --bind / / --dev /dev --proc /proc /bin/true".split(" ");
let a=0,b=0,c=0,d=0,e=0; const N=60;
const sp=async(w:string[])=>{const p=Bun.spawn(w,{stdio:["ignore","pipe","pipe"]}); await p.exited; return Number(p.resourceUsage()!.cpuTime.total)/1000;};
for(let i=0;i<N;i++){ a+=await sp(PLAIN); d+=await sp(["perl","-e","0"]); e+=await sp(["unshare","-Urmpf","/bin/true"]);
 const r=await runInRoot({root:"/",command:["/bin/true"],fakeroot:true}); b+=r.usage.userMs+r.usage.systemMs;
 const q=await runInRoot({root:"/",command:["/bin/true"]}); c+=q.usage.userMs+q.usage.systemMs;}
console.log("cpu ms: bwrap",(a/N).toFixed(2),"fakeroot",(b/N).toFixed(2),"user",(c/N).toFixed(2),"perl",(d/N).toFixed(2),"unshare",(e/N).toFixed(2));
