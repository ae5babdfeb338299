;; A friendly function, and hostile ones.
(module
  (import "typst_env" "wasm_minimal_protocol_write_args_to_buffer" (func $args (param i32)))
  (import "typst_env" "wasm_minimal_protocol_send_result_to_host" (func $send (param i32 i32)))
  (memory (export "memory") 1)

  ;; ASCII letters become large.
  (func (export "shout") (param $len i32) (result i32) (local $at i32) (local $byte i32)
    (call $args (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $len)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (if (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 26))
          (then (i32.store8 (local.get $at) (i32.sub (local.get $byte) (i32.const 32)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (call $send (i32.const 0) (local.get $len))
    (i32.const 0))

  (func (export "spin") (result i32) (loop $again (br $again)) (i32.const 0))

  (func (export "hoard") (result i32)
    (loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16)))))
    unreachable)

  (func (export "crash") (result i32) (i32.div_u (i32.const 1) (i32.const 0))))
