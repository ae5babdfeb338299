/* What the standard library does out of the sanitizer's sight, told to it.
 *
 * The library comes compiled, without the sanitizer. Its fast paths are inlined into our code, and seen; the slow ones are
 * calls: a lock that was contended, a wait at a condition, a first initialisation. The linker sends these calls here
 * (--wrap), and each says what it orders. The names are those of the toolchain at hand: -DLOCK=… and so on.
 */
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define REAL(name) JOIN(__real_, name)
#define WRAP(name) JOIN(__wrap_, name)

void __tsan_acquire(void *);
void __tsan_release(void *);

/* Mutex::lock_contended(&self) */
void REAL(LOCK)(void *);
void WRAP(LOCK)(void *mutex) {
    REAL(LOCK)(mutex);
    __tsan_acquire(mutex);
}

/* Condvar::wait(&self, &Mutex) */
void REAL(WAIT)(void *, void *);
void WRAP(WAIT)(void *condvar, void *mutex) {
    __tsan_release(mutex);
    REAL(WAIT)(condvar, mutex);
    __tsan_acquire(mutex);
}

/* Condvar::wait_timeout(&self, &Mutex, Duration) -> bool */
_Bool REAL(WAIT_TIMEOUT)(void *, void *, unsigned long, unsigned);
_Bool WRAP(WAIT_TIMEOUT)(void *condvar, void *mutex, unsigned long seconds, unsigned nanoseconds) {
    __tsan_release(mutex);
    _Bool in_time = REAL(WAIT_TIMEOUT)(condvar, mutex, seconds, nanoseconds);
    __tsan_acquire(mutex);
    return in_time;
}

/* Once::call(&self, bool, &mut dyn FnMut, location) */
void REAL(ONCE)(void *, long, void *, void *, void *);
void WRAP(ONCE)(void *once, long ignore_poison, void *function, void *vtable, void *location) {
    REAL(ONCE)(once, ignore_poison, function, vtable, location);
    __tsan_release(once);
    __tsan_acquire(once);
}
