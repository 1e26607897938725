/* The packed network runtime: plays a binarized Q-network that `dqnd export --format=packed` wrote.
 *
 * One C99 header and source, no allocation, no dependency beside memcpy and memset. Weights are one
 * bit each; a layer is XNOR and population count, its batch normalisation and sign are one integer
 * threshold an output. For observations of bytes no floating-point instruction is executed, with a
 * real first or last layer too: their weights are 16-bit integers. Float observations (classic
 * control), up to 32 in absolute value, meet float weights in the first layer.
 *
 * All code paths (portable C, AVX2, AVX-512, NEON) give identical values: sums are integers, and
 * floats are added in one order.
 *
 *     packed_net net;
 *     if (packed_net_open(file, file_bytes, &net) != PACKED_NET_OK) ...
 *     uint64_t scratch[...];  // at least packed_net_scratch_bytes(&net)
 *     int32_t values[...];    // net.actions
 *     packed_net_values(&net, observation, scratch, values);
 *     int action = packed_net_best(values, net.actions);
 *
 * docs/formats.md describes the file byte by byte. Little-endian machines only; where observations
 * are floats, compile with -ffp-contract=off, so that products are rounded before they are added.
 */
#ifndef DQND_PACKED_NET_H_
#define DQND_PACKED_NET_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PACKED_NET_MAX_LAYERS 18

typedef enum {
  PACKED_NET_OK = 0,
  PACKED_NET_TOO_SHORT,  /* the file ends before it should */
  PACKED_NET_NOT_PACKED, /* it does not begin as a packed network does */
  PACKED_NET_VERSION,    /* of a newer version */
  PACKED_NET_DAMAGED,    /* the checksum is not that of the content */
  PACKED_NET_IMPOSSIBLE, /* sizes that do not fit each other, or more layers than the limit */
  PACKED_NET_UNALIGNED   /* `file` must lie at a multiple of 8 bytes */
} packed_net_status;

/* A sentence for people. */
const char* packed_net_status_text(packed_net_status status);

/* What a layer multiplies. */
typedef enum {
  PACKED_NET_BITS_BITS = 1,  /* +-1 by +-1 */
  PACKED_NET_BYTES_BITS = 2, /* observed bytes by +-1 */
  PACKED_NET_BYTES_INT16 = 3,
  PACKED_NET_FLOATS = 4,     /* observed floats by floats */
  PACKED_NET_BITS_INT16 = 5, /* +-1 by 16-bit weights: a real last layer of bnn */
  PACKED_NET_INT32_INT16 = 6 /* rectified numbers by 16-bit weights: that of xnor_net */
} packed_net_product;

/* What becomes of a layer's sums. */
typedef enum {
  PACKED_NET_SIGN = 1,      /* (sum >= threshold) != flip, one bit an output */
  PACKED_NET_RECTIFIER = 2, /* min(max(0, (sum * factor + offset) >> shift), 2^24 - 1) */
  PACKED_NET_VALUES = 3     /* (sum * factor + offset) >> shift: the network's output */
} packed_net_activation;

/* One layer: a convolution without padding. A fully connected one has a kernel as large as its
 * input. Pointers lead into the file. */
typedef struct {
  packed_net_product product;
  packed_net_activation activation;
  uint32_t in_height, in_width, in_channels;
  uint32_t kernel_height, kernel_width, stride;
  uint32_t out_height, out_width, outputs;
  uint32_t fan_in; /* kernel_height * kernel_width * in_channels */
  uint32_t shift;
  const void* weights;
  const void* thresholds; /* SIGN: int32 or, behind float sums, float [outputs, padded] */
  const uint8_t* flips;   /* SIGN: bits [outputs, padded] */
  const int64_t* factors; /* RECTIFIER, VALUES: [outputs, padded]; behind float sums unused */
  const int64_t* offsets;
  const float* real_factors; /* RECTIFIER behind float sums: min(max(0, sum * factor + offset)) */
  const float* real_offsets;
} packed_net_layer;

typedef enum {
  PACKED_NET_PORTABLE = 0,
  PACKED_NET_AVX2,
  PACKED_NET_AVX512, /* with VPOPCNTDQ and VNNI */
  PACKED_NET_NEON    /* 64-bit Arm */
} packed_net_path;

typedef struct {
  uint32_t input_is_float; /* observations are float32, otherwise uint8 */
  uint32_t height, width, channels;
  uint32_t actions;
  double value_scale; /* Q(s, a) = values[a] * value_scale */
  uint32_t layers;
  packed_net_path path; /* the fastest that the processor has */
  packed_net_layer layer[PACKED_NET_MAX_LAYERS];
} packed_net;

/* Reads the file's head and checks everything in it; afterwards nothing can go wrong. `file` must
 * outlive `net` and be aligned to 8 bytes. */
packed_net_status packed_net_open(const void* file, size_t file_bytes, packed_net* net);

/* What packed_net_values needs to work in, aligned to 8 bytes. */
size_t packed_net_scratch_bytes(const packed_net* net);

/* Q(s, .). observation: [height, width, channels], the frames of a stack as channels, oldest first.
 * values: [actions]. */
void packed_net_values(const packed_net* net, const void* observation, void* scratch,
                       int32_t* values);

/* The action of the largest value, the first of equal ones. */
int packed_net_best(const int32_t* values, uint32_t actions);

/* The same, and shows each hidden layer's sums, before its activation, to whoever compares them:
 * [positions, stride] of which `outputs` of each row count, position 0 of the call being the
 * layer's `first` in row-major order; int32, or float where the product is PACKED_NET_FLOATS. */
typedef void (*packed_net_observer)(void* context, uint32_t layer, uint32_t first,
                                    uint32_t positions, const void* sums, uint32_t stride);
void packed_net_values_observed(const packed_net* net, const void* observation, void* scratch,
                                int32_t* values, packed_net_observer observer, void* context);

/* Chooses a code path; returns 0 and changes nothing when this processor or build lacks it. */
int packed_net_use(packed_net* net, packed_net_path path);

#ifdef __cplusplus
}
#endif

#endif
