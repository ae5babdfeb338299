;; Two functions of two numbers. Values cross as postcard: a number is seven bits a byte, the lowest first.
(module
  (import "typst_env" "wasm_minimal_protocol_write_args_to_buffer" (func $args (param i32)))
  (import "typst_env" "wasm_minimal_protocol_send_result_to_host" (func $send (param i32 i32)))
  (memory (export "memory") 1)
  (global $at (mut i32) (i32.const 0))

  (func $read (result i64) (local $number i64) (local $shift i64) (local $byte i64)
    (loop $more
      (local.set $byte (i64.load8_u (global.get $at)))
      (global.set $at (i32.add (global.get $at) (i32.const 1)))
      (local.set $number
        (i64.or (local.get $number)
          (i64.shl (i64.and (local.get $byte) (i64.const 127)) (local.get $shift))))
      (local.set $shift (i64.add (local.get $shift) (i64.const 7)))
      (br_if $more (i64.ge_u (local.get $byte) (i64.const 128))))
    (local.get $number))

  (func $push (param $byte i64)
    (i64.store8 (global.get $at) (local.get $byte))
    (global.set $at (i32.add (global.get $at) (i32.const 1))))

  ;; Sends the number, and says that all is well.
  (func $answer (param $number i64) (result i32)
    (global.set $at (i32.const 0))
    (loop $more
      (if (i64.gt_u (local.get $number) (i64.const 127))
        (then
          (call $push (i64.or (local.get $number) (i64.const 128)))
          (local.set $number (i64.shr_u (local.get $number) (i64.const 7)))
          (br $more))))
    (call $push (local.get $number))
    (call $send (i32.const 0) (global.get $at))
    (i32.const 0))

  ;; Fetches the arguments; the first of them.
  (func $first (result i64)
    (global.set $at (i32.const 0))
    (call $args (i32.const 0))
    (call $read))

  (func (export "squares") (param i32) (result i32) (local $n i64) (local $end i64) (local $sum i64)
    (local.set $n (call $first))
    (local.set $end (call $read))
    (block $done
      (loop $next
        (br_if $done (i64.ge_u (local.get $n) (local.get $end)))
        (local.set $sum (i64.add (local.get $sum) (i64.mul (local.get $n) (local.get $n))))
        (local.set $n (i64.add (local.get $n) (i64.const 1)))
        (br $next)))
    (call $answer (local.get $sum)))

  ;; Trial division by odd numbers.
  (func $is_prime (param $n i32) (result i32) (local $divisor i32)
    (if (i32.lt_u (local.get $n) (i32.const 2)) (then (return (i32.const 0))))
    (if (i32.eq (local.get $n) (i32.const 2)) (then (return (i32.const 1))))
    (if (i32.eqz (i32.and (local.get $n) (i32.const 1))) (then (return (i32.const 0))))
    (local.set $divisor (i32.const 3))
    (loop $next
      (if (i32.gt_u (i32.mul (local.get $divisor) (local.get $divisor)) (local.get $n))
        (then (return (i32.const 1))))
      (if (i32.eqz (i32.rem_u (local.get $n) (local.get $divisor))) (then (return (i32.const 0))))
      (local.set $divisor (i32.add (local.get $divisor) (i32.const 2)))
      (br $next))
    unreachable)

  (func (export "primes") (param i32) (result i32) (local $n i32) (local $end i32) (local $count i32)
    (local.set $n (i32.wrap_i64 (call $first)))
    (local.set $end (i32.wrap_i64 (call $read)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $n) (local.get $end)))
        (local.set $count (i32.add (local.get $count) (call $is_prime (local.get $n))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $next)))
    (call $answer (i64.extend_i32_u (local.get $count)))))
