#include "env_bridge/numpy_generator.h"

#include <array>
#include <stdexcept>

#include <gtest/gtest.h>

namespace dqnd {
namespace {

// What NumPy 2.4.6 draws from np.random.default_rng(seed).
struct NumpySays {
  uint64_t seed;
  std::array<uint64_t, 3> raw;  // bit_generator.random_raw(3)
  double first;                 // random()
  double after_a_thousand;      // the 1,001st random()
  double first_uniform;         // uniform(-0.05, 0.05)
};

constexpr NumpySays kNumpySays[] = {
    {0,
     {0xa30febcfd9c2825f, 0x4510bdf882d9d721, 0x0a7d3da94ecde8b8},
     0x1.461fd79fb3850p-1,
     0x1.aa3c45deffd40p-7,
     0x1.c0cbca647ced0p-7},
    {1,
     {0x8306bdf37922e4ff, 0xf35196bbc152a866, 0x24e7a4f608ec18cd},
     0x1.060d7be6f245cp-1,
     0x1.15abd1b741cbep-1,
     0x1.35e59496dac00p-10},
    {42,
     {0xc621fbcd16d92688, 0x705a5661a791ffc1, 0xdbcd12c26eda1624},
     0x1.8c43f79a2db24p-1,
     0x1.fc6bc49c19a50p-5,
     0x1.c0d97eba2bd40p-6},
    {0xffffffff,
     {0x407f5fa930d8fd9f, 0x3814b22eb9684802, 0x498b7dcee8d8dc95},
     0x1.01fd7ea4c363ep-2,
     0x1.f45a06ad41d9ap-2,
     -0x1.966a6891fa937p-6},
    {0x100000000,
     {0xe3c5ebe285ac1625, 0x8ea09968fe31dbcc, 0xcd084ff84d8de9be},
     0x1.c78bd7c50b582p-1,
     0x1.b84fffe7b2d4cp-3,
     0x1.3f4626081226ap-5},
    {(uint64_t{1} << 63) + 12345,
     {0x7e82ff06e5a17e1c, 0x9375de147f211adb, 0x0aee1bf0359cb9d2},
     0x1.fa0bfc1b9685ep-2,
     0x1.c05be80c2f808p-1,
     -0x1.30cd9415186c0p-11},
    {0xffffffffffffffff,
     {0xae163a7a8c47568f, 0xd86659f5f3382359, 0x01e52b195bc2d24a},
     0x1.5c2c74f5188eap-1,
     0x1.974f658662e08p-3,
     0x1.26f4a976b4fb8p-6},
};

TEST(NumpyGenerator, DrawsTheWordsThatNumpyDraws) {
  for (const NumpySays& numpy : kNumpySays) {
    NumpyGenerator generator(numpy.seed);
    for (const uint64_t word : numpy.raw) {
      EXPECT_EQ(generator.NextUint64(), word) << "seed " << numpy.seed;
    }
  }
}

TEST(NumpyGenerator, RandomIsTheSameDoubleAsNumpysAlsoAfterAThousandDraws) {
  for (const NumpySays& numpy : kNumpySays) {
    NumpyGenerator generator(numpy.seed);
    EXPECT_EQ(generator.Random(), numpy.first) << "seed " << numpy.seed;
    for (int draw = 1; draw < 1000; ++draw) generator.Random();
    EXPECT_EQ(generator.Random(), numpy.after_a_thousand) << "seed " << numpy.seed;
  }
}

TEST(NumpyGenerator, UniformIsTheSameDoubleAsNumpys) {
  for (const NumpySays& numpy : kNumpySays) {
    NumpyGenerator generator(numpy.seed);
    EXPECT_EQ(generator.Uniform(-0.05, 0.05), numpy.first_uniform) << "seed " << numpy.seed;
  }
}

TEST(NumpyGenerator, UniformFillsAnArrayInTheOrderOfSingleDraws) {
  NumpyGenerator generator(7), one_by_one(7);
  std::array<double, 5> values;
  generator.Uniform(-3, 2, values);
  for (const double value : values) EXPECT_EQ(value, one_by_one.Uniform(-3, 2));
}

TEST(NumpyGenerator, ContinuesIdenticallyFromASavedState) {
  NumpyGenerator original(3);
  for (int draw = 0; draw < 100; ++draw) original.NextUint64();
  ByteWriter writer;
  original.SaveState(writer);

  NumpyGenerator restored(4);
  ByteReader reader(writer.bytes());
  restored.LoadState(reader);
  EXPECT_EQ(reader.remaining(), 0u);
  for (int draw = 0; draw < 100; ++draw) EXPECT_EQ(restored.NextUint64(), original.NextUint64());
}

TEST(NumpyGenerator, RefusesAStateThatEndsEarly) {
  ByteWriter writer;
  NumpyGenerator(3).SaveState(writer);
  NumpyGenerator generator(4);
  ByteReader reader(std::string_view(writer.bytes()).substr(0, 31));
  EXPECT_THROW(generator.LoadState(reader), std::runtime_error);
}

}  // namespace
}  // namespace dqnd
