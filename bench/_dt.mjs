import * as tf from '@tensorflow/tfjs-core';
import { registerTorchBackend, setPrecision, conv3d, variableGradients } from '@fedvox/tfjs-backend-torch';
await registerTorchBackend({threads:1}); setPrecision('bfloat16');
const {native}=tf.backend(); const names=new Map(); const r=native.resolveOperator, run=native.runOperator;
native.resolveOperator=(...a)=>{const h=r.call(native,...a); names.set(h,a[0]); return h};
native.runOperator=(h,...a)=>{ if(/fedvox::conv3d/.test(names.get(h))) console.log(names.get(h), a.slice(0,2).map(t=>native.scalarType(t)).join(' ')); return run.call(native,h,...a)};
console.log(Object.keys(native).join(' '));

const st=(x,c)=>conv3d(x,tf.reshape(tf.eye(c),[1,1,1,c,c]));
const x=tf.ones([1,4,4,5,3]); const f=tf.variable(tf.ones([3,3,3,3,8]));
const dy=tf.ones([1,4,4,5,8]);
variableGradients(()=>tf.sum(tf.mul(st(conv3d(st(x,3),f,{padding:1}),8),dy)),[f]);
