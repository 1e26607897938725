/* Plays the network in network.h, which `dqnd export RUN --format=c --output network.h` wrote:
 * reads observations from a file, one behind the other as packed_net.h describes them, and prints
 * for each the action and the values. On a device without files, read the sensor instead.
 *
 *     cc -std=c99 -O2 -ffp-contract=off main.c packed_net.c -o decide
 *     ./decide observations.bin
 *
 * CLOCK_OF names a function of a board that counts its clock; then the last line says how many
 * counts a decision took on average.
 */
#include <stdio.h>

#include "network.h"
#include "packed_net.h"

#if NETWORK_INPUT_IS_FLOAT
typedef float number;
#else
typedef uint8_t number;
#endif

#ifdef CLOCK_OF
extern uint64_t CLOCK_OF(void);
#endif

/* Everything that a decision needs; none of it is allocated. */
static packed_net net;
static uint64_t scratch[NETWORK_SCRATCH_BYTES / 8];
static number observation[NETWORK_INPUTS];
static int32_t values[NETWORK_ACTIONS];

int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "observations.bin";
  const packed_net_status status = packed_net_open(network, NETWORK_BYTES, &net);
  if (status != PACKED_NET_OK) {
    printf("network.h: %s\n", packed_net_status_text(status));
    return 1;
  }
  FILE* file = fopen(name, "rb");
  if (file == NULL) {
    printf("%s cannot be opened\n", name);
    return 1;
  }
  printf("code path %d\n", (int)net.path);
  unsigned long decisions = 0;
#ifdef CLOCK_OF
  uint64_t counts = 0;
#endif
  while (fread(observation, sizeof observation, 1, file) == 1) {
#ifdef CLOCK_OF
    const uint64_t before = CLOCK_OF();
#endif
    packed_net_values(&net, observation, scratch, values);
    const int action = packed_net_best(values, NETWORK_ACTIONS);
#ifdef CLOCK_OF
    counts += CLOCK_OF() - before;
#endif
    printf("action %d", action);
    for (unsigned a = 0; a < NETWORK_ACTIONS; ++a) printf(" %ld", (long)values[a]);
    printf("\n");
    ++decisions;
  }
  fclose(file);
#ifdef CLOCK_OF
  if (decisions > 0) printf("counts %lu a decision\n", (unsigned long)(counts / decisions));
#endif
  return decisions > 0 ? 0 : 1;
}
