;; Dot products of float64 rows, two numbers at a time: what product.ts does, to the last bit.
(module
  (memory (export "memory") 1)

  ;; All products of the rows from `a` to `aEnd`, four at a time, with those from `b` to `bEnd`, two at a time. A row takes
  ;; `bytes`, one of the products `step`.
  (func (export "multiply")
    (param $a i32) (param $aEnd i32) (param $b i32) (param $bEnd i32) (param $bytes i32)
    (param $out i32) (param $step i32)
    (local $p i32) (local $q i32) (local $r i32) (local $s i32) (local $v i32) (local $w i32)
    (local $end i32) (local $to i32) (local $x v128) (local $y v128) (local $z v128)
    (local $pv v128) (local $pw v128) (local $qv v128) (local $qw v128)
    (local $rv v128) (local $rw v128) (local $sv v128) (local $sw v128)
    (loop $nextFour
      (local.set $w (local.get $b))
      (local.set $to (local.get $out))
      (loop $nextTwo
        (local.set $p (local.get $a))
        (local.set $end (local.tee $q (i32.add (local.get $p) (local.get $bytes))))
        (local.set $r (i32.add (local.get $q) (local.get $bytes)))
        (local.set $s (i32.add (local.get $r) (local.get $bytes)))
        (local.set $v (local.get $w))
        (local.set $w (i32.add (local.get $v) (local.get $bytes)))
        (local.set $pv (v128.const i64x2 0 0))
        (local.set $pw (v128.const i64x2 0 0))
        (local.set $qv (v128.const i64x2 0 0))
        (local.set $qw (v128.const i64x2 0 0))
        (local.set $rv (v128.const i64x2 0 0))
        (local.set $rw (v128.const i64x2 0 0))
        (local.set $sv (v128.const i64x2 0 0))
        (local.set $sw (v128.const i64x2 0 0))
        (loop $next
          (local.set $x (v128.load (local.get $v)))
          (local.set $y (v128.load (local.get $w)))
          (local.set $z (v128.load (local.get $p)))
          (local.set $pv (f64x2.add (local.get $pv) (f64x2.mul (local.get $z) (local.get $x))))
          (local.set $pw (f64x2.add (local.get $pw) (f64x2.mul (local.get $z) (local.get $y))))
          (local.set $z (v128.load (local.get $q)))
          (local.set $qv (f64x2.add (local.get $qv) (f64x2.mul (local.get $z) (local.get $x))))
          (local.set $qw (f64x2.add (local.get $qw) (f64x2.mul (local.get $z) (local.get $y))))
          (local.set $z (v128.load (local.get $r)))
          (local.set $rv (f64x2.add (local.get $rv) (f64x2.mul (local.get $z) (local.get $x))))
          (local.set $rw (f64x2.add (local.get $rw) (f64x2.mul (local.get $z) (local.get $y))))
          (local.set $z (v128.load (local.get $s)))
          (local.set $sv (f64x2.add (local.get $sv) (f64x2.mul (local.get $z) (local.get $x))))
          (local.set $sw (f64x2.add (local.get $sw) (f64x2.mul (local.get $z) (local.get $y))))
          (local.set $q (i32.add (local.get $q) (i32.const 16)))
          (local.set $r (i32.add (local.get $r) (i32.const 16)))
          (local.set $s (i32.add (local.get $s) (i32.const 16)))
          (local.set $v (i32.add (local.get $v) (i32.const 16)))
          (local.set $w (i32.add (local.get $w) (i32.const 16)))
          (br_if $next (i32.lt_u
            (local.tee $p (i32.add (local.get $p) (i32.const 16))) (local.get $end))))

        ;; Four rows of two sums each, halves added, one under another.
        (local.set $v (local.get $to))
        (f64.store (local.get $v) (f64.add
          (f64x2.extract_lane 0 (local.get $pv)) (f64x2.extract_lane 1 (local.get $pv))))
        (f64.store offset=8 (local.get $v) (f64.add
          (f64x2.extract_lane 0 (local.get $pw)) (f64x2.extract_lane 1 (local.get $pw))))
        (local.set $v (i32.add (local.get $v) (local.get $step)))
        (f64.store (local.get $v) (f64.add
          (f64x2.extract_lane 0 (local.get $qv)) (f64x2.extract_lane 1 (local.get $qv))))
        (f64.store offset=8 (local.get $v) (f64.add
          (f64x2.extract_lane 0 (local.get $qw)) (f64x2.extract_lane 1 (local.get $qw))))
        (local.set $v (i32.add (local.get $v) (local.get $step)))
        (f64.store (local.get $v) (f64.add
          (f64x2.extract_lane 0 (local.get $rv)) (f64x2.extract_lane 1 (local.get $rv))))
        (f64.store offset=8 (local.get $v) (f64.add
          (f64x2.extract_lane 0 (local.get $rw)) (f64x2.extract_lane 1 (local.get $rw))))
        (local.set $v (i32.add (local.get $v) (local.get $step)))
        (f64.store (local.get $v) (f64.add
          (f64x2.extract_lane 0 (local.get $sv)) (f64x2.extract_lane 1 (local.get $sv))))
        (f64.store offset=8 (local.get $v) (f64.add
          (f64x2.extract_lane 0 (local.get $sw)) (f64x2.extract_lane 1 (local.get $sw))))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        ;; By now $w is where the row behind the two begins.
        (br_if $nextTwo (i32.lt_u (local.get $w) (local.get $bEnd))))
      (local.set $out (i32.add (local.get $out) (i32.add
        (i32.add (local.get $step) (local.get $step))
        (i32.add (local.get $step) (local.get $step)))))
      (local.set $a (local.get $s))
      (br_if $nextFour (i32.lt_u (local.get $a) (local.get $aEnd))))))
