#include "packed_net.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define PACKED_NET_X86 1
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__GNUC__)
#define PACKED_NET_ARM 1
#include <arm_neon.h>
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed networks are little-endian"
#endif

/* Positions of a layer that are computed together, so that weights are read once for all of them;
 * what is left of a layer is computed one by one. */
#define BLOCK 8
/* Outputs are computed and stored in groups of so many. */
#define LANES 16
/* What a rectifier leaves: 24 bits, so that 65,536 of them times 16-bit weights fit 64. */
#define LARGEST_RECTIFIED 0xffffff

static uint32_t rounded_up(uint32_t n, uint32_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

/* ---------------------------------------------------------------------------------------------
 * The file
 * ------------------------------------------------------------------------------------------ */

#define HEAD_BYTES 64u
#define RECORD_BYTES 64u
#define ABSENT 0u

static const uint8_t kMagic[7] = {'D', 'Q', 'N', 'D', 'P', 'K', 'D'};
static const uint8_t kVersion = 1;

/* CRC-32 of IEEE 802.3, four bits at a time. */
static uint32_t crc32_of(const uint8_t* bytes, size_t size) {
  static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                     0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                     0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < size; ++i) {
    crc = table[(crc ^ bytes[i]) & 15] ^ (crc >> 4);
    crc = table[(crc ^ (bytes[i] >> 4)) & 15] ^ (crc >> 4);
  }
  return ~crc;
}

static uint32_t u32_at(const uint8_t* bytes, uint32_t offset) {
  uint32_t value;
  memcpy(&value, bytes + offset, sizeof value);
  return value;
}

/* No side of a picture, no number of channels and no sum's length may exceed this: products of
 * two of them, and integer sums, then fit. */
#define LARGEST 65536u

/* `bytes` bytes from `offset` on, or NULL when they are not all there or not aligned. */
static const void* part(const uint8_t* file, uint32_t file_bytes, uint32_t offset, uint64_t bytes) {
  if (offset < HEAD_BYTES || offset % 8 != 0 || offset > file_bytes ||
      bytes > file_bytes - offset) {
    return NULL;
  }
  return file + offset;
}

static int is_bits(packed_net_product product) {
  return product == PACKED_NET_BITS_BITS || product == PACKED_NET_BITS_INT16;
}

/* Bytes of one patch, a multiple of 8. */
static uint32_t patch_bytes(const packed_net_layer* layer) {
  switch (layer->product) {
    case PACKED_NET_BITS_BITS:
      return rounded_up((layer->fan_in + 7) / 8, 8);
    case PACKED_NET_BYTES_BITS:
      return rounded_up(layer->fan_in, 8);
    case PACKED_NET_BYTES_INT16:
      return rounded_up(layer->fan_in * 2, 8);
    default:
      return 0; /* taken from where it lies */
  }
}

/* Weights are as long as a patch, so that the zeros behind it meet something. */
static uint64_t weight_bytes(const packed_net_layer* layer) {
  const uint64_t padded = rounded_up(layer->outputs, LANES);
  switch (layer->product) {
    case PACKED_NET_BITS_BITS:
    case PACKED_NET_BYTES_INT16:
      return padded * patch_bytes(layer);
    case PACKED_NET_BYTES_BITS:
      return padded * patch_bytes(layer) / 8;
    case PACKED_NET_FLOATS:
      return padded * (layer->fan_in + 1u) * 4;
    case PACKED_NET_BITS_INT16:
    case PACKED_NET_INT32_INT16:
      return (uint64_t)layer->outputs * layer->fan_in * 2;
  }
  return 0;
}

/* A layer's sums are floats, or else integers. */
static int has_float_sums(const packed_net_layer* layer) {
  return layer->product == PACKED_NET_FLOATS;
}

/* Whether 32 bits hold every sum of a layer, whatever it observes. */
static int sums_fit(const packed_net_layer* layer) {
  if (layer->product == PACKED_NET_BYTES_INT16) {
    const int16_t* weights = layer->weights;
    const uint32_t pairs = patch_bytes(layer) / 4;
    for (uint32_t output = 0; output < rounded_up(layer->outputs, LANES); ++output) {
      int64_t largest = 0;
      for (uint32_t pair = 0; pair < pairs; ++pair) {
        for (int i = 0; i < 2; ++i) {
          const int32_t w =
              weights[((output / LANES * pairs + pair) * LANES + output % LANES) * 2 + i];
          largest += 255 * (int64_t)(w < 0 ? -w : w);
        }
      }
      if (largest > INT32_MAX) return 0;
    }
  }
  return 1; /* 65,536 inputs of 255 or of +-1 do */
}

static packed_net_status read_layer(const uint8_t* file, uint32_t file_bytes, uint32_t index,
                                    packed_net_layer* layer) {
  const uint8_t* record = file + HEAD_BYTES + index * RECORD_BYTES;
  layer->product = (packed_net_product)u32_at(record, 0);
  layer->activation = (packed_net_activation)u32_at(record, 4);
  layer->in_height = u32_at(record, 8);
  layer->in_width = u32_at(record, 12);
  layer->in_channels = u32_at(record, 16);
  layer->kernel_height = u32_at(record, 20);
  layer->kernel_width = u32_at(record, 24);
  layer->stride = u32_at(record, 28);
  layer->outputs = u32_at(record, 32);
  layer->shift = u32_at(record, 36);
  const uint32_t sizes[] = {layer->in_height,     layer->in_width,     layer->in_channels,
                            layer->kernel_height, layer->kernel_width, layer->stride,
                            layer->outputs};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
    if (sizes[i] == 0 || sizes[i] > LARGEST) return PACKED_NET_IMPOSSIBLE;
  }
  if (layer->product < PACKED_NET_BITS_BITS || layer->product > PACKED_NET_INT32_INT16 ||
      layer->activation < PACKED_NET_SIGN || layer->activation > PACKED_NET_VALUES ||
      layer->kernel_height > layer->in_height || layer->kernel_width > layer->in_width ||
      layer->shift > 62) {
    return PACKED_NET_IMPOSSIBLE;
  }
  const uint64_t fan_in = (uint64_t)layer->kernel_height * layer->kernel_width * layer->in_channels;
  if (layer->kernel_height * (uint64_t)layer->kernel_width > LARGEST || fan_in > LARGEST) {
    return PACKED_NET_IMPOSSIBLE;
  }
  layer->fan_in = (uint32_t)fan_in;
  layer->out_height = (layer->in_height - layer->kernel_height) / layer->stride + 1;
  layer->out_width = (layer->in_width - layer->kernel_width) / layer->stride + 1;
  const uint64_t positions = (uint64_t)layer->out_height * layer->out_width;
  const int is_whole =
      layer->kernel_height == layer->in_height && layer->kernel_width == layer->in_width;
  if (positions > LARGEST || positions * layer->outputs > (1u << 30)) return PACKED_NET_IMPOSSIBLE;
  /* Rows of bits are copied by the byte, and pixels written by the byte. */
  if (!is_whole && is_bits(layer->product) && layer->in_channels % 8 != 0)
    return PACKED_NET_IMPOSSIBLE;
  if (positions > 1 && layer->outputs % 8 != 0) return PACKED_NET_IMPOSSIBLE;
  const int is_vectors =
      layer->product == PACKED_NET_BITS_INT16 || layer->product == PACKED_NET_INT32_INT16;
  if ((is_vectors || layer->activation != PACKED_NET_SIGN) && positions != 1)
    return PACKED_NET_IMPOSSIBLE;
  if (is_vectors && layer->activation != PACKED_NET_VALUES) return PACKED_NET_IMPOSSIBLE;

  const uint64_t padded = rounded_up(layer->outputs, LANES);
  layer->weights = part(file, file_bytes, u32_at(record, 40), weight_bytes(layer));
  if (layer->weights == NULL) return PACKED_NET_IMPOSSIBLE;
  const uint32_t first = u32_at(record, 44), second = u32_at(record, 48);
  layer->thresholds = NULL, layer->flips = NULL, layer->factors = NULL, layer->offsets = NULL;
  layer->real_factors = NULL, layer->real_offsets = NULL;
  if (layer->activation == PACKED_NET_SIGN) {
    layer->thresholds = part(file, file_bytes, first, padded * 4);
    layer->flips = part(file, file_bytes, second, padded / 8);
    if (layer->thresholds == NULL || layer->flips == NULL) return PACKED_NET_IMPOSSIBLE;
  } else if (has_float_sums(layer)) {
    layer->real_factors = part(file, file_bytes, first, padded * 4);
    layer->real_offsets = part(file, file_bytes, second, padded * 4);
    if (layer->real_factors == NULL || layer->real_offsets == NULL) return PACKED_NET_IMPOSSIBLE;
    if (layer->activation != PACKED_NET_RECTIFIER) return PACKED_NET_IMPOSSIBLE;
  } else {
    layer->factors = part(file, file_bytes, first, padded * 8);
    layer->offsets = part(file, file_bytes, second, padded * 8);
    if (layer->factors == NULL || layer->offsets == NULL) return PACKED_NET_IMPOSSIBLE;
  }
  return sums_fit(layer) ? PACKED_NET_OK : PACKED_NET_IMPOSSIBLE;
}

/* Whether `layer` can take what comes before it: a picture of the observation, or a layer. */
static int fits(const packed_net* net, uint32_t index) {
  const packed_net_layer* layer = &net->layer[index];
  const int takes_floats = layer->product == PACKED_NET_FLOATS;
  const int takes_bytes =
      layer->product == PACKED_NET_BYTES_BITS || layer->product == PACKED_NET_BYTES_INT16;
  const int is_last = index + 1 == net->layers;
  if (is_last != (layer->activation == PACKED_NET_VALUES)) return 0;
  if (is_last && layer->outputs != net->actions) return 0;
  const uint64_t numbers = (uint64_t)layer->in_height * layer->in_width * layer->in_channels;
  if (index == 0) {
    if (net->input_is_float ? !takes_floats : !takes_bytes) return 0;
    return numbers == (uint64_t)net->height * net->width * net->channels;
  }
  const packed_net_layer* before = &net->layer[index - 1];
  if (takes_floats || takes_bytes) return 0;
  if ((layer->product == PACKED_NET_INT32_INT16) != (before->activation == PACKED_NET_RECTIFIER))
    return 0;
  if (numbers != (uint64_t)before->out_height * before->out_width * before->outputs) return 0;
  /* A picture of its size, or all of it as a vector. */
  return layer->in_channels == before->outputs
             ? layer->in_height == before->out_height && layer->in_width == before->out_width
             : layer->in_height == 1 && layer->in_width == 1;
}

packed_net_status packed_net_open(const void* file, size_t file_bytes, packed_net* net) {
  const uint8_t* bytes = file;
  if (file_bytes < HEAD_BYTES) return PACKED_NET_TOO_SHORT;
  if ((uintptr_t)file % 8 != 0) return PACKED_NET_UNALIGNED;
  if (memcmp(bytes, kMagic, sizeof kMagic) != 0) return PACKED_NET_NOT_PACKED;
  if (bytes[7] != kVersion) return PACKED_NET_VERSION;
  const uint32_t said = u32_at(bytes, 8);
  if (said > file_bytes) return PACKED_NET_TOO_SHORT;
  if (said != file_bytes || said < HEAD_BYTES) return PACKED_NET_DAMAGED;
  if (crc32_of(bytes + 16, said - 16) != u32_at(bytes, 12)) return PACKED_NET_DAMAGED;
  net->layers = u32_at(bytes, 16);
  net->input_is_float = u32_at(bytes, 20);
  net->height = u32_at(bytes, 24);
  net->width = u32_at(bytes, 28);
  net->channels = u32_at(bytes, 32);
  net->actions = u32_at(bytes, 36);
  memcpy(&net->value_scale, bytes + 40, sizeof net->value_scale);
  /* A positive finite number, by its bits. */
  const uint64_t scale = (uint64_t)u32_at(bytes, 44) << 32 | u32_at(bytes, 40);
  if (scale == 0 || scale >= 0x7ff0000000000000u) return PACKED_NET_IMPOSSIBLE;
  if (net->layers < 1 || net->layers > PACKED_NET_MAX_LAYERS || net->input_is_float > 1 ||
      net->height > LARGEST || net->width > LARGEST || net->channels > LARGEST ||
      said < HEAD_BYTES + net->layers * RECORD_BYTES) {
    return PACKED_NET_IMPOSSIBLE;
  }
  for (uint32_t i = 0; i < net->layers; ++i) {
    const packed_net_status status = read_layer(bytes, said, i, &net->layer[i]);
    if (status != PACKED_NET_OK) return status;
    if (!fits(net, i)) return PACKED_NET_IMPOSSIBLE;
  }
  net->path = PACKED_NET_PORTABLE;
  (void)(packed_net_use(net, PACKED_NET_AVX512) || packed_net_use(net, PACKED_NET_AVX2) ||
         packed_net_use(net, PACKED_NET_NEON));
  return PACKED_NET_OK;
}

const char* packed_net_status_text(packed_net_status status) {
  switch (status) {
    case PACKED_NET_OK:
      return "sound";
    case PACKED_NET_TOO_SHORT:
      return "the file is shorter than it says";
    case PACKED_NET_NOT_PACKED:
      return "the file is no packed network";
    case PACKED_NET_VERSION:
      return "the file is of another version of the format";
    case PACKED_NET_DAMAGED:
      return "the file is damaged: its checksum does not match";
    case PACKED_NET_IMPOSSIBLE:
      return "the file describes a network that cannot be";
    case PACKED_NET_UNALIGNED:
      return "the file must lie at a multiple of 8 bytes";
  }
  return "unknown status";
}

/* ---------------------------------------------------------------------------------------------
 * Sums and signs, in each code path
 *
 * A patch is what one position of a kernel sees, in the order row, column, channel. Weights are
 * ordered so that LANES (or 8) outputs lie side by side.
 * ------------------------------------------------------------------------------------------ */

/* `positions` is BLOCK or 1 in all of them.
 *
 * patches: [positions, words]. weights: [padded / 8, words, 8]. sums: [positions, padded]. */
typedef void (*bits_kernel)(const uint64_t* patches, uint32_t positions, const uint64_t* weights,
                            uint32_t words, uint32_t padded, uint32_t fan_in, int32_t* sums);
/* patches: [positions, 4 quads] bytes. weights: [padded / 16, quads], bit 4 lane + i. */
typedef void (*byte_bits_kernel)(const uint8_t* patches, uint32_t positions,
                                 const uint64_t* weights, uint32_t quads, uint32_t padded,
                                 int32_t* sums);
/* patches: [positions, 2 pairs] numbers. weights: [padded / 16, pairs, 16, 2]. */
typedef void (*int16_kernel)(const int16_t* patches, uint32_t positions, const int16_t* weights,
                             uint32_t pairs, uint32_t padded, int32_t* sums);
/* Bytes to 16-bit numbers. */
typedef void (*widen_kernel)(const uint8_t* bytes, uint32_t count, int16_t* numbers);
/* One position's sums to bits, 8 a byte, padded / 8 bytes. */
typedef void (*sign_kernel)(const int32_t* sums, const int32_t* thresholds, const uint8_t* flips,
                            uint32_t padded, uint8_t* bits);

/* Of both halves together, so that a 32-bit machine works in its own words. */
static uint32_t population(uint64_t x) {
  uint32_t low = (uint32_t)x, high = (uint32_t)(x >> 32);
  low -= (low >> 1) & 0x55555555u;
  high -= (high >> 1) & 0x55555555u;
  low = (low & 0x33333333u) + ((low >> 2) & 0x33333333u);
  high = (high & 0x33333333u) + ((high >> 2) & 0x33333333u);
  low = ((low + (low >> 4)) & 0x0f0f0f0fu) + ((high + (high >> 4)) & 0x0f0f0f0fu);
  return (low * 0x01010101u) >> 24;
}

static void bits_portable(const uint64_t* patches, uint32_t positions, const uint64_t* weights,
                          uint32_t words, uint32_t padded, uint32_t fan_in, int32_t* sums) {
  for (uint32_t output = 0; output < padded; ++output) {
    const uint64_t* row = weights + (size_t)(output / 8) * words * 8 + output % 8;
    for (uint32_t p = 0; p < positions; ++p) {
      uint32_t different = 0;
      for (uint32_t w = 0; w < words; ++w)
        different += population(patches[p * words + w] ^ row[w * 8]);
      sums[p * padded + output] = (int32_t)fan_in - 2 * (int32_t)different;
    }
  }
}

static void byte_bits_portable(const uint8_t* patches, uint32_t positions, const uint64_t* weights,
                               uint32_t quads, uint32_t padded, int32_t* sums) {
  for (uint32_t output = 0; output < padded; ++output) {
    const uint64_t* row = weights + (size_t)(output / LANES) * quads;
    const uint32_t first_bit = output % LANES * 4;
    for (uint32_t p = 0; p < positions; ++p) {
      const uint8_t* patch = patches + (size_t)p * quads * 4;
      int32_t sum = 0;
      for (uint32_t q = 0; q < quads; ++q) {
        for (uint32_t i = 0; i < 4; ++i) {
          const int32_t x = patch[q * 4 + i];
          sum += (row[q] >> (first_bit + i)) & 1 ? x : -x;
        }
      }
      sums[p * padded + output] = sum;
    }
  }
}

static void int16_portable(const int16_t* patches, uint32_t positions, const int16_t* weights,
                           uint32_t pairs, uint32_t padded, int32_t* sums) {
  for (uint32_t output = 0; output < padded; ++output) {
    const int16_t* row = weights + ((size_t)(output / LANES) * pairs * LANES + output % LANES) * 2;
    for (uint32_t p = 0; p < positions; ++p) {
      const int16_t* patch = patches + (size_t)p * pairs * 2;
      int32_t sum = 0;
      for (uint32_t k = 0; k < pairs; ++k) {
        sum += patch[k * 2] * row[k * LANES * 2] + patch[k * 2 + 1] * row[k * LANES * 2 + 1];
      }
      sums[p * padded + output] = sum;
    }
  }
}

static void widen_portable(const uint8_t* bytes, uint32_t count, int16_t* numbers) {
  for (uint32_t i = 0; i < count; ++i) numbers[i] = bytes[i];
}

static void sign_portable(const int32_t* sums, const int32_t* thresholds, const uint8_t* flips,
                          uint32_t padded, uint8_t* bits) {
  for (uint32_t byte = 0; byte < padded / 8; ++byte) {
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 8; ++i)
      mask |= (uint32_t)(sums[byte * 8 + i] >= thresholds[byte * 8 + i]) << i;
    bits[byte] = (uint8_t)(mask ^ flips[byte]);
  }
}

static inline int32_t int32_at(const void* from) {
  int32_t value;
  memcpy(&value, from, sizeof value);
  return value;
}

/* For functions that are compiled once for each number of positions, so that sums stay in
 * registers. */
#define INLINED static inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 8")

#ifdef PACKED_NET_X86

#define TARGET_AVX2 __attribute__((target("avx2")))
#define TARGET_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq,avx512vnni")))
/* Bits set in each byte, by a table of 16 (Mula). */
TARGET_AVX2 static inline __m256i byte_population(__m256i x) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2,
                                         1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(15);
  return _mm256_add_epi8(
      _mm256_shuffle_epi8(table, _mm256_and_si256(x, low)),
      _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
}

/* The low halves of eight 64-bit numbers. */
TARGET_AVX2 static inline __m256i low_halves(__m256i first, __m256i second) {
  const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  return _mm256_blend_epi32(_mm256_permutevar8x32_epi32(first, order),
                            _mm256_permutevar8x32_epi32(second, order), 0xf0);
}

TARGET_AVX2 static void bits_avx2(const uint64_t* patches, uint32_t positions,
                                  const uint64_t* weights, uint32_t words, uint32_t padded,
                                  uint32_t fan_in, int32_t* sums) {
  const __m256i zero = _mm256_setzero_si256(), all = _mm256_set1_epi32((int32_t)fan_in);
  for (uint32_t group = 0; group < padded / 8; ++group) {
    const uint64_t* rows = weights + (size_t)group * words * 8;
    for (uint32_t p = 0; p < positions; ++p) {
      __m256i first = zero, second = zero;
      /* A byte counts up to 8 a word: 31 words before it could overflow. */
      for (uint32_t begin = 0; begin < words; begin += 31) {
        const uint32_t end = begin + 31 < words ? begin + 31 : words;
        __m256i first_bytes = zero, second_bytes = zero;
        for (uint32_t w = begin; w < end; ++w) {
          const __m256i x = _mm256_set1_epi64x((int64_t)patches[p * words + w]);
          const __m256i* row = (const __m256i*)(const void*)(rows + w * 8);
          first_bytes = _mm256_add_epi8(
              first_bytes, byte_population(_mm256_xor_si256(x, _mm256_loadu_si256(row))));
          second_bytes = _mm256_add_epi8(
              second_bytes, byte_population(_mm256_xor_si256(x, _mm256_loadu_si256(row + 1))));
        }
        first = _mm256_add_epi64(first, _mm256_sad_epu8(first_bytes, zero));
        second = _mm256_add_epi64(second, _mm256_sad_epu8(second_bytes, zero));
      }
      const __m256i different = low_halves(first, second);
      _mm256_storeu_si256((__m256i*)(void*)(sums + p * padded + group * 8),
                          _mm256_sub_epi32(all, _mm256_slli_epi32(different, 1)));
    }
  }
}

/* 32 bits to 32 bytes of +1 (set) and -1. */
TARGET_AVX2 static inline __m256i signs_of_bits(uint32_t bits) {
  const __m256i source = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2,
                                          2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i bit = _mm256_set1_epi64x((int64_t)0x8040201008040201u);
  const __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32((int32_t)bits), source);
  const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit);
  return _mm256_blendv_epi8(_mm256_set1_epi8(-1), _mm256_set1_epi8(1), set);
}

/* Sums of two registers' outputs, one position after the other. */
TARGET_AVX2 INLINED void store_avx2(__m256i sum[][2], uint32_t positions, uint32_t padded,
                                    int32_t* to) {
  UNROLLED for (uint32_t p = 0; p < positions; ++p, to += padded) {
    _mm256_storeu_si256((__m256i*)(void*)to, sum[p][0]);
    _mm256_storeu_si256((__m256i*)(void*)(to + 8), sum[p][1]);
  }
}

TARGET_AVX2 INLINED void byte_bits_avx2_of(uint32_t positions, const uint8_t* patches,
                                           const uint64_t* weights, uint32_t quads, uint32_t padded,
                                           int32_t* sums) {
  const __m256i ones = _mm256_set1_epi16(1);
  for (uint32_t group = 0; group < padded / LANES; ++group) {
    __m256i sum[BLOCK / 2][2];
    UNROLLED for (uint32_t p = 0; p < positions; ++p) sum[p][0] = sum[p][1] =
        _mm256_setzero_si256();
    for (uint32_t q = 0; q < quads; ++q) {
      const uint64_t bits = weights[(size_t)group * quads + q];
      const __m256i first = signs_of_bits((uint32_t)bits),
                    second = signs_of_bits((uint32_t)(bits >> 32));
      UNROLLED for (uint32_t p = 0; p < positions; ++p) {
        const __m256i x = _mm256_set1_epi32(int32_at(patches + ((size_t)p * quads + q) * 4));
        sum[p][0] =
            _mm256_add_epi32(sum[p][0], _mm256_madd_epi16(_mm256_maddubs_epi16(x, first), ones));
        sum[p][1] =
            _mm256_add_epi32(sum[p][1], _mm256_madd_epi16(_mm256_maddubs_epi16(x, second), ones));
      }
    }
    store_avx2(sum, positions, padded, sums + group * LANES);
  }
}

TARGET_AVX2 static void byte_bits_avx2(const uint8_t* patches, uint32_t positions,
                                       const uint64_t* weights, uint32_t quads, uint32_t padded,
                                       int32_t* sums) {
  if (positions == 1) {
    byte_bits_avx2_of(1, patches, weights, quads, padded, sums);
    return;
  }
  const size_t half = BLOCK / 2; /* as many sums as there are registers for */
  byte_bits_avx2_of(BLOCK / 2, patches, weights, quads, padded, sums);
  byte_bits_avx2_of(BLOCK / 2, patches + half * quads * 4, weights, quads, padded,
                    sums + half * padded);
}

TARGET_AVX2 INLINED void int16_avx2_of(uint32_t positions, const int16_t* patches,
                                       const int16_t* weights, uint32_t pairs, uint32_t padded,
                                       int32_t* sums) {
  for (uint32_t group = 0; group < padded / LANES; ++group) {
    __m256i sum[BLOCK / 2][2];
    UNROLLED for (uint32_t p = 0; p < positions; ++p) sum[p][0] = sum[p][1] =
        _mm256_setzero_si256();
    for (uint32_t k = 0; k < pairs; ++k) {
      const __m256i* row =
          (const __m256i*)(const void*)(weights + ((size_t)group * pairs + k) * LANES * 2);
      const __m256i first = _mm256_loadu_si256(row), second = _mm256_loadu_si256(row + 1);
      UNROLLED for (uint32_t p = 0; p < positions; ++p) {
        const __m256i x = _mm256_set1_epi32(int32_at(patches + ((size_t)p * pairs + k) * 2));
        sum[p][0] = _mm256_add_epi32(sum[p][0], _mm256_madd_epi16(x, first));
        sum[p][1] = _mm256_add_epi32(sum[p][1], _mm256_madd_epi16(x, second));
      }
    }
    store_avx2(sum, positions, padded, sums + group * LANES);
  }
}

TARGET_AVX2 static void int16_avx2(const int16_t* patches, uint32_t positions,
                                   const int16_t* weights, uint32_t pairs, uint32_t padded,
                                   int32_t* sums) {
  if (positions == 1) {
    int16_avx2_of(1, patches, weights, pairs, padded, sums);
    return;
  }
  const size_t half = BLOCK / 2;
  int16_avx2_of(BLOCK / 2, patches, weights, pairs, padded, sums);
  int16_avx2_of(BLOCK / 2, patches + half * pairs * 2, weights, pairs, padded,
                sums + half * padded);
}

TARGET_AVX2 static void widen_avx2(const uint8_t* bytes, uint32_t count, int16_t* numbers) {
  uint32_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i x = _mm_loadu_si128((const __m128i*)(const void*)(bytes + i));
    _mm256_storeu_si256((__m256i*)(void*)(numbers + i), _mm256_cvtepu8_epi16(x));
  }
  widen_portable(bytes + i, count - i, numbers + i);
}

TARGET_AVX2 static void sign_avx2(const int32_t* sums, const int32_t* thresholds,
                                  const uint8_t* flips, uint32_t padded, uint8_t* bits) {
  for (uint32_t byte = 0; byte < padded / 8; ++byte) {
    const __m256i sum = _mm256_loadu_si256((const __m256i*)(const void*)(sums + byte * 8));
    const __m256i threshold =
        _mm256_loadu_si256((const __m256i*)(const void*)(thresholds + byte * 8));
    const int below = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(threshold, sum)));
    bits[byte] = (uint8_t)(~below ^ flips[byte]);
  }
}

TARGET_AVX512 INLINED void bits_avx512_of(uint32_t positions, const uint64_t* patches,
                                          const uint64_t* weights, uint32_t words, uint32_t padded,
                                          uint32_t fan_in, int32_t* sums) {
  const __m256i all = _mm256_set1_epi32((int32_t)fan_in);
  for (uint32_t group = 0; group < padded / 8; ++group) {
    const uint64_t* rows = weights + (size_t)group * words * 8;
    __m512i different[BLOCK];
    UNROLLED for (uint32_t p = 0; p < positions; ++p) different[p] = _mm512_setzero_si512();
    for (uint32_t w = 0; w < words; ++w) {
      const __m512i row = _mm512_loadu_si512(rows + w * 8);
      UNROLLED for (uint32_t p = 0; p < positions; ++p) {
        const __m512i x = _mm512_set1_epi64((int64_t)patches[p * words + w]);
        different[p] =
            _mm512_add_epi64(different[p], _mm512_popcnt_epi64(_mm512_xor_si512(x, row)));
      }
    }
    UNROLLED for (uint32_t p = 0; p < positions; ++p) {
      const __m256i count = _mm512_cvtepi64_epi32(different[p]);
      _mm256_storeu_si256((__m256i*)(void*)(sums + p * padded + group * 8),
                          _mm256_sub_epi32(all, _mm256_slli_epi32(count, 1)));
    }
  }
}

TARGET_AVX512 static void bits_avx512(const uint64_t* patches, uint32_t positions,
                                      const uint64_t* weights, uint32_t words, uint32_t padded,
                                      uint32_t fan_in, int32_t* sums) {
  if (positions == 1)
    bits_avx512_of(1, patches, weights, words, padded, fan_in, sums);
  else
    bits_avx512_of(BLOCK, patches, weights, words, padded, fan_in, sums);
}

TARGET_AVX512 INLINED void byte_bits_avx512_of(uint32_t positions, const uint8_t* patches,
                                               const uint64_t* weights, uint32_t quads,
                                               uint32_t padded, int32_t* sums) {
  const __m512i plus = _mm512_set1_epi8(1), minus = _mm512_set1_epi8(-1);
  for (uint32_t group = 0; group < padded / LANES; ++group) {
    __m512i sum[BLOCK];
    UNROLLED for (uint32_t p = 0; p < positions; ++p) sum[p] = _mm512_setzero_si512();
    for (uint32_t q = 0; q < quads; ++q) {
      const __m512i signs = _mm512_mask_blend_epi8(weights[(size_t)group * quads + q], minus, plus);
      UNROLLED for (uint32_t p = 0; p < positions; ++p) {
        const __m512i x = _mm512_set1_epi32(int32_at(patches + ((size_t)p * quads + q) * 4));
        sum[p] = _mm512_dpbusd_epi32(sum[p], x, signs);
      }
    }
    UNROLLED for (uint32_t p = 0; p < positions; ++p)
        _mm512_storeu_si512(sums + p * padded + group * LANES, sum[p]);
  }
}

TARGET_AVX512 static void byte_bits_avx512(const uint8_t* patches, uint32_t positions,
                                           const uint64_t* weights, uint32_t quads, uint32_t padded,
                                           int32_t* sums) {
  if (positions == 1)
    byte_bits_avx512_of(1, patches, weights, quads, padded, sums);
  else
    byte_bits_avx512_of(BLOCK, patches, weights, quads, padded, sums);
}

/* `groups` of LANES outputs meet each number of a patch together. */
TARGET_AVX512 INLINED void int16_avx512_of(uint32_t positions, uint32_t groups,
                                           const int16_t* patches, const int16_t* weights,
                                           uint32_t pairs, uint32_t padded, int32_t* sums) {
  __m512i sum[BLOCK][2], row[2];
  UNROLLED for (uint32_t p = 0; p < positions; ++p) {
    UNROLLED for (uint32_t g = 0; g < groups; ++g) sum[p][g] = _mm512_setzero_si512();
  }
  for (uint32_t k = 0; k < pairs; ++k) {
    UNROLLED for (uint32_t g = 0; g < groups; ++g) row[g] =
        _mm512_loadu_si512(weights + ((size_t)g * pairs + k) * LANES * 2);
    UNROLLED for (uint32_t p = 0; p < positions; ++p) {
      const __m512i x = _mm512_set1_epi32(int32_at(patches + ((size_t)p * pairs + k) * 2));
      UNROLLED for (uint32_t g = 0; g < groups; ++g) sum[p][g] =
          _mm512_dpwssd_epi32(sum[p][g], x, row[g]);
    }
  }
  UNROLLED for (uint32_t p = 0; p < positions; ++p) {
    UNROLLED for (uint32_t g = 0; g < groups; ++g)
        _mm512_storeu_si512(sums + p * padded + g * LANES, sum[p][g]);
  }
}

TARGET_AVX512 static void int16_avx512(const int16_t* patches, uint32_t positions,
                                       const int16_t* weights, uint32_t pairs, uint32_t padded,
                                       int32_t* sums) {
  const uint32_t groups = padded / LANES;
  const size_t group_numbers = (size_t)pairs * LANES * 2;
  for (uint32_t g = 0, both; g < groups; g += 1 + both) {
    const int16_t* from = weights + g * group_numbers;
    int32_t* to = sums + g * LANES;
    both = positions > 1 && g + 1 < groups;
    if (positions == 1)
      int16_avx512_of(1, 1, patches, from, pairs, padded, to);
    else if (both)
      int16_avx512_of(BLOCK, 2, patches, from, pairs, padded, to);
    else
      int16_avx512_of(BLOCK, 1, patches, from, pairs, padded, to);
  }
}

TARGET_AVX512 static void sign_avx512(const int32_t* sums, const int32_t* thresholds,
                                      const uint8_t* flips, uint32_t padded, uint8_t* bits) {
  for (uint32_t i = 0; i < padded; i += LANES) {
    const __mmask16 reached =
        _mm512_cmpge_epi32_mask(_mm512_loadu_si512(sums + i), _mm512_loadu_si512(thresholds + i));
    uint16_t flip;
    memcpy(&flip, flips + i / 8, sizeof flip);
    flip = (uint16_t)(flip ^ reached);
    memcpy(bits + i / 8, &flip, sizeof flip);
  }
}

#endif

#ifdef PACKED_NET_ARM

static void bits_neon(const uint64_t* patches, uint32_t positions, const uint64_t* weights,
                      uint32_t words, uint32_t padded, uint32_t fan_in, int32_t* sums) {
  for (uint32_t group = 0; group < padded / 8; ++group) {
    const uint64_t* rows = weights + (size_t)group * words * 8;
    for (uint32_t p = 0; p < positions; ++p) {
      uint64x2_t different[4] = {vdupq_n_u64(0), vdupq_n_u64(0), vdupq_n_u64(0), vdupq_n_u64(0)};
      /* A byte counts up to 8 a word: 31 words before it could overflow. */
      for (uint32_t begin = 0; begin < words; begin += 31) {
        const uint32_t end = begin + 31 < words ? begin + 31 : words;
        uint8x16_t bytes[4] = {vdupq_n_u8(0), vdupq_n_u8(0), vdupq_n_u8(0), vdupq_n_u8(0)};
        for (uint32_t w = begin; w < end; ++w) {
          const uint64x2_t x = vdupq_n_u64(patches[p * words + w]);
          UNROLLED for (uint32_t i = 0; i < 4; ++i) {
            const uint64x2_t row = vld1q_u64(rows + w * 8 + i * 2);
            bytes[i] = vaddq_u8(bytes[i], vcntq_u8(vreinterpretq_u8_u64(veorq_u64(x, row))));
          }
        }
        UNROLLED for (uint32_t i = 0; i < 4; ++i) different[i] =
            vpadalq_u32(different[i], vpaddlq_u16(vpaddlq_u8(bytes[i])));
      }
      int32_t* to = sums + p * padded + group * 8;
      UNROLLED for (uint32_t i = 0; i < 4; ++i) {
        to[i * 2] = (int32_t)fan_in - 2 * (int32_t)vgetq_lane_u64(different[i], 0);
        to[i * 2 + 1] = (int32_t)fan_in - 2 * (int32_t)vgetq_lane_u64(different[i], 1);
      }
    }
  }
}

/* The bytes that meet +1, twice, less all of them. */
static void byte_bits_neon(const uint8_t* patches, uint32_t positions, const uint64_t* weights,
                           uint32_t quads, uint32_t padded, int32_t* sums) {
  static const uint8_t byte_of_lane[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
  static const uint8_t bit_of_lane[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t source = vld1q_u8(byte_of_lane), bit = vld1q_u8(bit_of_lane);
  for (uint32_t p = 0; p < positions; ++p) {
    const uint8_t* patch = patches + (size_t)p * quads * 4;
    int32_t all = 0;
    for (uint32_t i = 0; i < quads * 4; ++i) all += patch[i];
    for (uint32_t group = 0; group < padded / LANES; ++group) {
      uint32x4_t sum[4] = {vdupq_n_u32(0), vdupq_n_u32(0), vdupq_n_u32(0), vdupq_n_u32(0)};
      for (uint32_t q = 0; q < quads; ++q) {
        const uint64x2_t signs = vdupq_n_u64(weights[(size_t)group * quads + q]);
        const uint8x16_t x = vreinterpretq_u8_s32(vdupq_n_s32(int32_at(patch + q * 4)));
        UNROLLED for (uint8_t i = 0; i < 4; ++i) {
          const uint8x16_t two_bytes = vqtbl1q_u8(vreinterpretq_u8_u64(signs),
                                                  vaddq_u8(source, vdupq_n_u8((uint8_t)(2 * i))));
          const uint8x16_t met = vandq_u8(x, vtstq_u8(two_bytes, bit));
          sum[i] = vpadalq_u16(sum[i], vpaddlq_u8(met));
        }
      }
      UNROLLED for (uint32_t i = 0; i < 4; ++i) {
        const int32x4_t twice = vshlq_n_s32(vreinterpretq_s32_u32(sum[i]), 1);
        vst1q_s32(sums + p * padded + group * LANES + i * 4, vsubq_s32(twice, vdupq_n_s32(all)));
      }
    }
  }
}

static void int16_neon(const int16_t* patches, uint32_t positions, const int16_t* weights,
                       uint32_t pairs, uint32_t padded, int32_t* sums) {
  for (uint32_t p = 0; p < positions; ++p) {
    const int16_t* patch = patches + (size_t)p * pairs * 2;
    for (uint32_t group = 0; group < padded / LANES; ++group) {
      int32x4_t sum[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
      for (uint32_t k = 0; k < pairs; ++k) {
        const int16_t* row = weights + ((size_t)group * pairs + k) * LANES * 2;
        UNROLLED for (uint32_t half = 0; half < 2; ++half) {
          const int16x8x2_t both = vld2q_s16(row + half * LANES); /* of even, of odd inputs */
          UNROLLED for (uint32_t i = 0; i < 2; ++i) {
            int32x4_t* to = &sum[half * 2];
            to[0] = vmlal_n_s16(to[0], vget_low_s16(both.val[i]), patch[k * 2 + i]);
            to[1] = vmlal_high_n_s16(to[1], both.val[i], patch[k * 2 + i]);
          }
        }
      }
      UNROLLED for (uint32_t i = 0; i < 4; ++i)
          vst1q_s32(sums + p * padded + group * LANES + i * 4, sum[i]);
    }
  }
}

static void sign_neon(const int32_t* sums, const int32_t* thresholds, const uint8_t* flips,
                      uint32_t padded, uint8_t* bits) {
  static const uint8_t bit_of_lane[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x8_t bit = vld1_u8(bit_of_lane);
  for (uint32_t byte = 0; byte < padded / 8; ++byte) {
    const int32_t *sum = sums + byte * 8, *threshold = thresholds + byte * 8;
    const uint16x4_t low = vmovn_u32(vcgeq_s32(vld1q_s32(sum), vld1q_s32(threshold)));
    const uint16x4_t high = vmovn_u32(vcgeq_s32(vld1q_s32(sum + 4), vld1q_s32(threshold + 4)));
    const uint8x8_t reached = vmovn_u16(vcombine_u16(low, high));
    bits[byte] = (uint8_t)(vaddv_u8(vand_u8(reached, bit)) ^ flips[byte]);
  }
}

#endif

typedef struct {
  bits_kernel bits;
  byte_bits_kernel byte_bits;
  int16_kernel int16;
  widen_kernel widen;
  sign_kernel sign;
} kernels;

static kernels kernels_of(packed_net_path path) {
#ifdef PACKED_NET_X86
  if (path == PACKED_NET_AVX512)
    return (kernels){bits_avx512, byte_bits_avx512, int16_avx512, widen_avx2, sign_avx512};
  if (path == PACKED_NET_AVX2)
    return (kernels){bits_avx2, byte_bits_avx2, int16_avx2, widen_avx2, sign_avx2};
#endif
#ifdef PACKED_NET_ARM
  if (path == PACKED_NET_NEON)
    return (kernels){bits_neon, byte_bits_neon, int16_neon, widen_portable, sign_neon};
#endif
  (void)path;
  return (kernels){bits_portable, byte_bits_portable, int16_portable, widen_portable,
                   sign_portable};
}

int packed_net_use(packed_net* net, packed_net_path path) {
  int has = path == PACKED_NET_PORTABLE;
#ifdef PACKED_NET_X86
  if (path == PACKED_NET_AVX2) has = __builtin_cpu_supports("avx2");
  if (path == PACKED_NET_AVX512) {
    has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
          __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512vnni");
  }
#endif
#ifdef PACKED_NET_ARM
  if (path == PACKED_NET_NEON) has = 1; /* every AArch64 processor has it */
#endif
  if (has) net->path = path;
  return has;
}

/* ---------------------------------------------------------------------------------------------
 * A decision
 * ------------------------------------------------------------------------------------------ */

static size_t activation_bytes(const packed_net_layer* layer) {
  if (layer->activation == PACKED_NET_RECTIFIER) return rounded_up(layer->outputs * 4, 8);
  /* The last position writes all padded outputs. */
  return rounded_up(
      (layer->out_height * layer->out_width * layer->outputs + LANES + 7) / 8 + LANES / 8, 8);
}

typedef struct {
  size_t activations, patches, sums;
} scratch_sizes;

static scratch_sizes sizes_of(const packed_net* net) {
  scratch_sizes sizes = {0, 0, 0};
  for (uint32_t i = 0; i < net->layers; ++i) {
    const packed_net_layer* layer = &net->layer[i];
    const size_t activations = activation_bytes(layer);
    const size_t rows = layer->out_height * layer->out_width < BLOCK ? 1 : BLOCK;
    const size_t patches = rows * patch_bytes(layer);
    const size_t sums = rows * rounded_up(layer->outputs, LANES) * sizeof(int32_t);
    if (activations > sizes.activations) sizes.activations = activations;
    if (patches > sizes.patches) sizes.patches = patches;
    if (sums > sizes.sums) sizes.sums = sums;
  }
  return sizes;
}

size_t packed_net_scratch_bytes(const packed_net* net) {
  const scratch_sizes sizes = sizes_of(net);
  return 2 * sizes.activations + sizes.patches + sizes.sums;
}

/* What the kernel sees at one position, as the layer's product takes it, zeros behind it. */
static void gather(const packed_net_layer* layer, widen_kernel widen, uint32_t position,
                   const uint8_t* input, uint8_t* patch) {
  const uint32_t bytes = patch_bytes(layer);
  const uint32_t y = position / layer->out_width * layer->stride;
  const uint32_t x = position % layer->out_width * layer->stride;
  memset(patch + bytes - 8, 0, 8);
  const int is_whole =
      layer->kernel_height == layer->in_height && layer->kernel_width == layer->in_width;
  const uint32_t rows = is_whole ? 1 : layer->kernel_height;
  const uint32_t run = layer->fan_in / rows; /* numbers that lie side by side */
  for (uint32_t row = 0; row < rows; ++row) {
    const size_t from = ((size_t)(y + row) * layer->in_width + x) * layer->in_channels;
    if (layer->product == PACKED_NET_BITS_BITS) {
      memcpy(patch + row * (run / 8), input + from / 8, (run + 7) / 8);
    } else if (layer->product == PACKED_NET_BYTES_BITS) {
      memcpy(patch + row * run, input + from, run);
    } else {
      widen(input + from, run, (int16_t*)(void*)patch + row * run);
    }
  }
}

/* (sum * factor + offset) >> shift, rounded down. A forged file's numbers wrap around. */
static int64_t scaled(int64_t sum, int64_t factor, int64_t offset, uint32_t shift) {
  const int64_t number = (int64_t)((uint64_t)sum * (uint64_t)factor + (uint64_t)offset);
  return number >= 0 ? number >> shift : ~(~number >> shift);
}

static int32_t clamped(int64_t number, int32_t least, int32_t most) {
  return number < least ? least : number > most ? most : (int32_t)number;
}

/* Integer sums of one position to what the next layer takes. */
static void activate(const packed_net_layer* layer, sign_kernel sign, const int32_t* sums,
                     uint32_t position, uint8_t* output, int32_t* values) {
  if (layer->activation == PACKED_NET_SIGN) {
    sign(sums, layer->thresholds, layer->flips, rounded_up(layer->outputs, LANES),
         output + (size_t)position * layer->outputs / 8);
    return;
  }
  for (uint32_t o = 0; o < layer->outputs; ++o) {
    const int64_t number = scaled(sums[o], layer->factors[o], layer->offsets[o], layer->shift);
    if (layer->activation == PACKED_NET_RECTIFIER) {
      ((int32_t*)(void*)output)[o] = clamped(number, 0, LARGEST_RECTIFIED);
    } else {
      values[o] = clamped(number, INT32_MIN, INT32_MAX);
    }
  }
}

/* One position's sums of floats, in the order of the inputs, beginning with the bias. */
static void float_sums(const packed_net_layer* layer, const float* input, uint32_t position,
                       float* sums) {
  const uint32_t padded = rounded_up(layer->outputs, LANES);
  const float* weight = layer->weights;
  const uint32_t y = position / layer->out_width * layer->stride;
  const uint32_t x = position % layer->out_width * layer->stride;
  memcpy(sums, weight, padded * sizeof *sums);
  weight += padded;
  for (uint32_t row = 0; row < layer->kernel_height; ++row) {
    const float* from = input + ((size_t)(y + row) * layer->in_width + x) * layer->in_channels;
    for (uint32_t i = 0; i < layer->kernel_width * layer->in_channels; ++i, weight += padded) {
      for (uint32_t o = 0; o < padded; ++o) {
        const float product = from[i] * weight[o];
        sums[o] += product;
      }
    }
  }
}

static void activate_floats(const packed_net_layer* layer, const float* sums, uint32_t position,
                            uint8_t* output) {
  const float* thresholds = layer->thresholds;
  for (uint32_t o = 0; o < layer->outputs; ++o) {
    if (layer->activation == PACKED_NET_SIGN) {
      const size_t bit = (size_t)position * layer->outputs + o;
      const uint32_t flip = (layer->flips[o / 8] >> (o % 8)) & 1;
      const uint32_t set = (uint32_t)(sums[o] >= thresholds[o]) ^ flip;
      if (bit % 8 == 0) output[bit / 8] = 0;
      output[bit / 8] = (uint8_t)(output[bit / 8] | set << (bit % 8));
    } else {
      const float product = sums[o] * layer->real_factors[o];
      const float number = product + layer->real_offsets[o];
      ((int32_t*)(void*)output)[o] = !(number > 0)                 ? 0
                                     : number >= LARGEST_RECTIFIED ? LARGEST_RECTIFIED
                                                                   : (int32_t)number;
    }
  }
}

/* The last layer with real weights. */
static void real_values(const packed_net_layer* layer, const uint8_t* input, int32_t* values) {
  const int16_t* weights = layer->weights;
  for (uint32_t o = 0; o < layer->outputs; ++o, weights += layer->fan_in) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < layer->fan_in; ++i) {
      if (layer->product == PACKED_NET_INT32_INT16) {
        sum += (int64_t)((const int32_t*)(const void*)input)[i] * weights[i];
      } else {
        sum += (input[i / 8] >> (i % 8)) & 1 ? weights[i] : -weights[i];
      }
    }
    values[o] = clamped(scaled(sum, layer->factors[o], layer->offsets[o], layer->shift), INT32_MIN,
                        INT32_MAX);
  }
}

void packed_net_values_observed(const packed_net* net, const void* observation, void* scratch,
                                int32_t* values, packed_net_observer observer, void* context) {
  const scratch_sizes sizes = sizes_of(net);
  const kernels kernel = kernels_of(net->path);
  uint8_t* outputs[2] = {scratch, (uint8_t*)scratch + sizes.activations};
  uint8_t* patches = outputs[1] + sizes.activations;
  int32_t* sums = (int32_t*)(void*)(patches + sizes.patches);
  const uint8_t* input = observation;
  for (uint32_t index = 0; index < net->layers; ++index) {
    const packed_net_layer* layer = &net->layer[index];
    uint8_t* output = outputs[index % 2];
    if (layer->product == PACKED_NET_FLOATS) {
      for (uint32_t position = 0; position < layer->out_height * layer->out_width; ++position) {
        float_sums(layer, (const float*)(const void*)input, position, (float*)(void*)sums);
        if (observer)
          observer(context, index, position, 1, sums, rounded_up(layer->outputs, LANES));
        activate_floats(layer, (const float*)(const void*)sums, position, output);
      }
    } else if (layer->product == PACKED_NET_BITS_INT16 ||
               layer->product == PACKED_NET_INT32_INT16) {
      real_values(layer, input, values);
    } else {
      const uint32_t bytes = patch_bytes(layer), padded = rounded_up(layer->outputs, LANES);
      const uint32_t positions = layer->out_height * layer->out_width;
      for (uint32_t first = 0, count; first < positions; first += count) {
        count = positions - first < BLOCK ? 1 : BLOCK;
        for (uint32_t p = 0; p < count; ++p)
          gather(layer, kernel.widen, first + p, input, patches + p * bytes);
        if (layer->product == PACKED_NET_BITS_BITS) {
          kernel.bits((const uint64_t*)(const void*)patches, count, layer->weights, bytes / 8,
                      padded, layer->fan_in, sums);
        } else if (layer->product == PACKED_NET_BYTES_BITS) {
          kernel.byte_bits(patches, count, layer->weights, bytes / 4, padded, sums);
        } else {
          kernel.int16((const int16_t*)(const void*)patches, count, layer->weights, bytes / 4,
                       padded, sums);
        }
        if (observer) observer(context, index, first, count, sums, padded);
        for (uint32_t p = 0; p < count; ++p) {
          activate(layer, kernel.sign, sums + p * padded, first + p, output, values);
        }
      }
    }
    input = output;
  }
}

void packed_net_values(const packed_net* net, const void* observation, void* scratch,
                       int32_t* values) {
  packed_net_values_observed(net, observation, scratch, values, NULL, NULL);
}

int packed_net_best(const int32_t* values, uint32_t actions) {
  uint32_t best = 0;
  for (uint32_t a = 1; a < actions; ++a) {
    if (values[a] > values[best]) best = a;
  }
  return (int)best;
}
