;; Softmax of rows that lie in memory, in float64, two numbers at a time: what exponentials.ts does, to the last bit.
;; A row is its largest number, the sum of the others' exponentials, then its numbers, an even count padded with -inf.
(module
  ;; From 0 on: 2^(j / 2048) for j of 0 to 2047, less j << 41 in their bits. The host puts them there, and the rows behind.
  (memory (export "memory") 1)

  ;; Replaces u by exp(u - largest), row by row. `bytes` is the distance of rows.
  (func (export "exponentials") (param $row i32) (param $rows i32) (param $bytes i32)
    (local $at i32) (local $last i32) (local $end i32) (local $largest v128)
    (local $x v128) (local $steps v128) (local $rest v128) (local $power v128) (local $e v128)
    (local $sum v128) (local $ties v128)
    (loop $nextRow
      (local.set $end (i32.add (local.get $row) (local.get $bytes)))

      ;; From both ends to the middle: one maximum waits for the last. pmax passes over NaN: the exponential of one is
      ;; NaN, and so is the sum.
      (local.set $largest (v128.const f64x2 -inf -inf))
      (local.set $x (local.get $largest))
      (local.set $at (i32.add (local.get $row) (i32.const 16)))
      (local.set $last (local.get $end))
      (loop $next
        (local.set $last (i32.sub (local.get $last) (i32.const 16)))
        (local.set $largest (f64x2.pmax (local.get $largest) (v128.load (local.get $at))))
        (local.set $x (f64x2.pmax (local.get $x) (v128.load (local.get $last))))
        (br_if $next (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $last))))
      (local.set $largest (f64x2.pmax (local.get $largest) (local.get $x)))
      (local.set $largest (f64x2.pmax
        (f64x2.splat (f64x2.extract_lane 0 (local.get $largest)))
        (f64x2.splat (f64x2.extract_lane 1 (local.get $largest)))))

      (local.set $sum (v128.const i64x2 0 0))
      (local.set $ties (v128.const i64x2 0 0))
      (local.set $at (i32.add (local.get $row) (i32.const 16)))
      (loop $next
        (local.set $x (f64x2.sub (v128.load (local.get $at)) (local.get $largest)))
        ;; Adding 1.5 * 2^52 leaves x * 2048 / ln 2, rounded, in the lowest bits.
        (local.set $steps (f64x2.add
          (f64x2.mul (local.get $x) (v128.const f64x2 2954.639443740597 2954.639443740597))
          (v128.const f64x2 6755399441055744 6755399441055744)))
        (local.set $rest (f64x2.sub
          (local.get $steps) (v128.const f64x2 6755399441055744 6755399441055744)))
        ;; x less its steps of ln 2 / 2048, which is a number of 27 bits and a small one.
        (local.set $rest (f64x2.sub
          (f64x2.sub
            (local.get $x)
            (f64x2.mul (local.get $rest)
              (v128.const f64x2 0.00033845076904981397 0.00033845076904981397)))
          (f64x2.mul (local.get $rest)
            (v128.const f64x2 2.7079718246904592e-12 2.7079718246904592e-12))))
        (local.set $power (i64x2.shl
          (v128.and (local.get $steps) (v128.const i64x2 2047 2047)) (i32.const 3)))
        (local.set $power (v128.load64_lane 1
          (i32x4.extract_lane 2 (local.get $power))
          (v128.load64_zero (i32x4.extract_lane 0 (local.get $power)))))
        ;; The steps in a power of two come and go; what is above them is the exponent.
        (local.set $power (i64x2.add
          (local.get $power) (i64x2.shl (local.get $steps) (i32.const 41))))
        (local.set $rest (f64x2.add
          (local.get $rest)
          (f64x2.mul
            (f64x2.mul (local.get $rest) (local.get $rest))
            (f64x2.add
              (f64x2.mul (local.get $rest)
                (v128.const f64x2 0.16666666666666666 0.16666666666666666))
              (v128.const f64x2 0.5 0.5)))))
        (local.set $e (f64x2.add
          (local.get $power) (f64x2.mul (local.get $power) (local.get $rest))))
        ;; Below that there are no normal numbers.
        (local.set $e (v128.andnot
          (local.get $e) (f64x2.lt (local.get $x) (v128.const f64x2 -708 -708))))
        (v128.store (local.get $at) (local.get $e))
        ;; The largest number itself stays out of the sum; where several are as large, all but one come in again.
        (local.set $x (f64x2.eq (local.get $x) (v128.const i64x2 0 0)))
        (local.set $sum (f64x2.add (local.get $sum) (v128.andnot (local.get $e) (local.get $x))))
        (local.set $ties (i64x2.sub (local.get $ties) (local.get $x)))
        (br_if $next (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))

      (f64.store (local.get $row) (f64x2.extract_lane 0 (local.get $largest)))
      (f64.store offset=8 (local.get $row) (f64.add
        (f64.add
          (f64x2.extract_lane 0 (local.get $sum)) (f64x2.extract_lane 1 (local.get $sum)))
        (f64.convert_i32_s (i32.sub
          (i32.add
            (i32x4.extract_lane 0 (local.get $ties)) (i32x4.extract_lane 2 (local.get $ties)))
          (i32.const 1)))))
      (local.set $row (local.get $end))
      (br_if $nextRow (local.tee $rows (i32.sub (local.get $rows) (i32.const 1))))))

  ;; Makes rows of the float32s that lie together from `from` on.
  (func (export "widen")
    (param $from i32) (param $step i32) (param $row i32) (param $rows i32) (param $bytes i32)
    (local $at i32) (local $to i32)
    (loop $nextRow
      (local.set $at (local.get $from))
      (local.set $from (i32.add (local.get $from) (local.get $step)))
      (local.set $to (local.get $row))
      (local.set $row (i32.add (local.get $row) (local.get $bytes)))
      (loop $next
        (v128.store offset=16 (local.get $to)
          (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $at))))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br_if $next (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $from))))
      (br_if $nextRow (local.tee $rows (i32.sub (local.get $rows) (i32.const 1))))))

  ;; Multiplies each row by the factor in its first place. What it becomes lies together, from `to` on.
  (func (export "scale")
    (param $row i32) (param $rows i32) (param $bytes i32) (param $to i32) (param $step i32)
    (local $at i32) (local $end i32) (local $out i32) (local $factor v128)
    (loop $nextRow
      (local.set $factor (v128.load64_splat (local.get $row)))
      (local.set $at (i32.add (local.get $row) (i32.const 16)))
      (local.set $end (i32.add (local.get $row) (local.get $bytes)))
      (local.set $out (local.get $to))
      (loop $next
        (v128.store (local.get $out)
          (f64x2.mul (v128.load (local.get $at)) (local.get $factor)))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (br_if $next (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
      (local.set $row (local.get $end))
      (local.set $to (i32.add (local.get $to) (local.get $step)))
      (br_if $nextRow (local.tee $rows (i32.sub (local.get $rows) (i32.const 1))))))

  ;; The same, and leaves float32s.
  (func (export "scaleToFloat32")
    (param $row i32) (param $rows i32) (param $bytes i32) (param $to i32) (param $step i32)
    (local $at i32) (local $end i32) (local $out i32) (local $factor v128)
    (loop $nextRow
      (local.set $factor (v128.load64_splat (local.get $row)))
      (local.set $at (i32.add (local.get $row) (i32.const 16)))
      (local.set $end (i32.add (local.get $row) (local.get $bytes)))
      (local.set $out (local.get $to))
      (loop $next
        (v128.store64_lane 0 (local.get $out) (f32x4.demote_f64x2_zero
          (f64x2.mul (v128.load (local.get $at)) (local.get $factor))))
        (local.set $out (i32.add (local.get $out) (i32.const 8)))
        (br_if $next (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
      (local.set $row (local.get $end))
      (local.set $to (i32.add (local.get $to) (local.get $step)))
      (br_if $nextRow (local.tee $rows (i32.sub (local.get $rows) (i32.const 1)))))))
