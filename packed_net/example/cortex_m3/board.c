/* The least that a Cortex-M3 needs to run main(): a vector table, memory as C expects it, and a
 * clock. For the board mps2-an385 as QEMU emulates it (Arm AN385), whose timer counts at 25 MHz;
 * input and output by semihosting (newlib's rdimon). Another board needs another memory.ld and
 * timer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern uint32_t stack_top, data_load, data_begin, data_end, bss_begin, bss_end;
extern int main(int argc, char** argv);
extern void initialise_monitor_handles(void);

void reset(void); /* where memory.ld begins */

/* SysTick of ARMv7-M: counts 24 bits down and begins anew. */
#define SYSTICK ((volatile uint32_t*)0xe000e010)
enum { kControl = 0, kReload = 1, kValue = 2 };
enum { kEnabled = 1, kInterrupts = 2, kProcessorClock = 4 };
#define COUNTS_A_ROUND 0x1000000u

static volatile uint32_t rounds;

static void count_round(void) {
  ++rounds;
}

/* Clock cycles since the start. */
uint64_t board_clock(void) {
  uint32_t before, value;
  do {
    before = rounds;
    value = SYSTICK[kValue];
  } while (before != rounds);
  return (uint64_t)before * COUNTS_A_ROUND + (COUNTS_A_ROUND - 1 - value);
}

void reset(void) {
  memcpy(&data_begin, &data_load, (size_t)((char*)&data_end - (char*)&data_begin));
  memset(&bss_begin, 0, (size_t)((char*)&bss_end - (char*)&bss_begin));
  SYSTICK[kReload] = COUNTS_A_ROUND - 1;
  SYSTICK[kValue] = 0;
  SYSTICK[kControl] = kEnabled | kInterrupts | kProcessorClock;
  initialise_monitor_handles();
  exit(main(0, NULL));
}

static void fault(void) {
  abort();
}

/* Of the exceptions that can come: reset, faults (2 to 6) and the timer (15). */
__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    [0] = (void (*)(void))&stack_top,
    [1] = reset,
    [2] = fault,
    [3] = fault,
    [4] = fault,
    [5] = fault,
    [6] = fault,
    [15] = count_round};
