// 2^x for x <= 0, four at a time, to about one ulp: the builtin may be off by 3 + 2|x| ulp, and always to
// the same side. At or below -126 it is 2^-126. Polynomial: Cephes exp2f.

fn exp2Safe(x: vec4f) -> vec4f {
  let bounded = clamp(x, vec4f(-126.0), vec4f(0.0));
  let n = floor(bounded + 0.5);
  let f = bounded - n;
  let series = 0.69314720286 + f * (0.24022647914 + f * (0.055503324712 + f * (0.0096184373577
    + f * (0.0013398874403 + f * 1.5353361883e-4))));
  return (1.0 + f * series) * bitcast<vec4f>(vec4u(vec4i(n) + 127) << vec4u(23u));
}
