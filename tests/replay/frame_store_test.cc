#include "replay/frame_store.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random_stream.h"

namespace dqnd {
namespace {

constexpr int kFrameBytes = 60;

using Frame = std::vector<uint8_t>;

// Frames as a game has them: a background that stays, something that moves, now and then noise.
Frame FrameOf(uint32_t number) {
  RandomStream random(number, "frame");
  Frame frame(kFrameBytes, 7);
  if (number % 23 == 5) {
    for (uint8_t& byte : frame) byte = static_cast<uint8_t>(random.Below(256));
  }
  for (int i = 0; i < 3; ++i) frame[random.Below(kFrameBytes)] = static_cast<uint8_t>(number);
  return frame;
}

class FrameStoreTest : public ::testing::TestWithParam<FrameCodec> {
 protected:
  std::unique_ptr<FrameStore> Make(int64_t most_free_blocks = 0) {
    pool_ = std::make_shared<BlockPool>(4 * kFrameBytes, most_free_blocks);
    return MakeFrameStore(GetParam(), pool_, kFrameBytes, 100);
  }

  // Three episodes in turn, as parallel environments have them.
  static void Fill(FrameStore& store, uint32_t frames) {
    for (uint32_t i = store.size(); i < frames; ++i) {
      ASSERT_EQ(store.Append(FrameOf(i), i < 3 ? FrameStore::kNone : i - 3), i);
    }
  }

  static void ExpectFrames(const FrameStore& store, uint32_t frames) {
    ASSERT_EQ(store.size(), frames);
    FrameStore::Scratch scratch;
    Frame frame(kFrameBytes);
    RandomStream random(1, "order");
    for (uint32_t i = 0; i < 2 * frames; ++i) {
      const uint32_t index = i < frames ? i : random.Below(frames);
      store.Decode(index, frame, scratch);
      ASSERT_EQ(frame, FrameOf(index)) << index;
    }
  }

  std::string Saved(const FrameStore& store) {
    ByteWriter writer;
    store.Save(writer);
    return writer.Take();
  }

  std::shared_ptr<BlockPool> pool_;
};

TEST_P(FrameStoreTest, ReturnsEveryFrameInWhateverOrder) {
  const auto store = Make();
  Fill(*store, 1'000);
  ExpectFrames(*store, 1'000);
}

TEST_P(FrameStoreTest, TellsBeforehandHowMuchItWillGrowAtMost) {
  const auto store = Make();
  for (uint32_t i = 0; i < 200; ++i) {
    const int64_t growth = store->GrowthBytes(1);
    const int64_t before = store->bytes();
    Fill(*store, i + 1);
    ASSERT_LE(store->bytes() - before, growth);
  }
  EXPECT_EQ(store->GrowthBytes(0), 0);
  const int64_t growth = store->GrowthBytes(50);
  const int64_t before = store->bytes();
  Fill(*store, 250);
  EXPECT_LE(store->bytes() - before, growth);
}

TEST_P(FrameStoreTest, HandsItsBlocksBackWhenItGoes) {
  auto store = Make(/*most_free_blocks=*/1);
  Fill(*store, 12);
  EXPECT_EQ(pool_->bytes(), store->bytes());
  store.reset();
  EXPECT_EQ(pool_->bytes(), pool_->block_bytes());
}

TEST_P(FrameStoreTest, ComesBackAsItWasKeptAndGoesOnAlike) {
  const auto original = Make();
  Fill(*original, 333);
  const std::string saved = Saved(*original);
  EXPECT_EQ(saved.size(), original->SavedBytes());
  const auto loaded = Make();
  ByteReader reader(saved);
  loaded->Load(333, reader);
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_EQ(loaded->bytes(), original->bytes());
  Fill(*original, 500);
  Fill(*loaded, 500);
  ExpectFrames(*loaded, 500);
  EXPECT_EQ(Saved(*loaded), Saved(*original));
}

INSTANTIATE_TEST_SUITE_P(EveryCodec, FrameStoreTest,
                         ::testing::Values(FrameCodec::kNone, FrameCodec::kLz4),
                         [](const auto& info) {
                           return info.param == FrameCodec::kNone ? "None" : "Lz4";
                         });

class Lz4FrameStoreTest : public FrameStoreTest {};

TEST_P(Lz4FrameStoreTest, TakesAFractionOfTheFrames) {
  const auto store = Make();
  Fill(*store, 1'000);
  EXPECT_LT(store->bytes(), 1'000 * kFrameBytes / 2);
}

TEST_P(Lz4FrameStoreTest, DamagedIsRefusedOrDecodesToFramesOfTheRightSize) {
  const auto original = Make();
  Fill(*original, 40);
  const std::string saved = Saved(*original);
  int refused = 0;
  for (size_t position = 0; position < saved.size(); ++position) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = saved;
      damaged[position] = static_cast<char>(damaged[position] ^ (1 << bit));
      const auto store = Make();
      ByteReader reader(damaged);
      try {
        store->Load(40, reader);
      } catch (const std::runtime_error&) {
        ++refused;
        continue;
      }
      FrameStore::Scratch scratch;
      Frame frame(kFrameBytes);
      for (uint32_t index = 0; index < 40; ++index) store->Decode(index, frame, scratch);
    }
  }
  EXPECT_GT(refused, 0);
}

INSTANTIATE_TEST_SUITE_P(Alone, Lz4FrameStoreTest, ::testing::Values(FrameCodec::kLz4));

}  // namespace
}  // namespace dqnd
