#include "trainer/checkpoint/manifest.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

Manifest Example() {
  return {.env_steps = 250'000,
          .updates = 245'001,
          .complete = true,
          .elapsed_seconds = 12.25,
          .saved_unix_seconds = 1'790'000'000,
          .program_version = "0.1.0",
          .machine = {.processor = "Some \"CPU\" \xc3\xa4",
                      .threads = 2,
                      .libtorch = "2.13.0",
                      .precision = "float32"},
          .files = {{"network.safetensors", 17, 0xfedcba9876543210}, {"state.bin", 0, 1}},
          .segments = {{"000000000000-00000000000000ff.segment", 4'000'000'000, 255}},
          .metrics = {{"progress.csv", 99}},
          .changes = {{1'000, "train.gamma: 0.99 here, 0.95 there"}}};
}

std::string Refusal(const std::string& text) {
  try {
    DecodeManifest(text, "run/manifest.json");
  } catch (const DamagedCheckpoint& error) {
    return error.what();
  }
  ADD_FAILURE() << "accepted " << text;
  return "";
}

// The text with another seal: what somebody could write on purpose.
std::string Resealed(std::string text) {
  const size_t seal = text.rfind(",\n  \"xxh3\"");
  const std::string body = text.substr(0, seal);
  return body + ",\n  \"xxh3\": \"" + Hex(Xxh3(body)) + "\"\n}\n";
}

std::string With(const std::string& from, const std::string& to) {
  std::string text = EncodeManifest(Example());
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return Resealed(text.replace(at, from.size(), to));
}

TEST(Manifest, ComesBackFromItsText) {
  EXPECT_EQ(DecodeManifest(EncodeManifest(Example()), "x"), Example());
  EXPECT_EQ(DecodeManifest(EncodeManifest(Manifest()), "x"), Manifest());
}

TEST(Manifest, IsRefusedWhateverBitIsFlippedAndWhereverItIsCutOff) {
  const std::string text = EncodeManifest(Example());
  for (size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      ASSERT_THAT(Refusal(damaged), StartsWith("run/manifest.json: "));
    }
    ASSERT_THAT(Refusal(text.substr(0, i)), StartsWith("run/manifest.json: "));
  }
}

TEST(Manifest, OfANewerFormatIsToldFromADamagedOne) {
  EXPECT_THAT(
      [] { DecodeManifest(With("\"version\": 1", "\"version\": 2"), "m.json"); },
      ThrowsMessage<NewerCheckpoint>(AllOf(HasSubstr("m.json: written by dqnd 0.1.0 in format 2"),
                                           HasSubstr("reads up to format 1"))));
}

TEST(Manifest, OfAFormatThatNeverWasIsRefused) {
  EXPECT_THAT(Refusal(With("\"version\": 1", "\"version\": 0")), HasSubstr("format 0"));
}

TEST(Manifest, WithANameThatLeadsOutOfItsFolderIsRefused) {
  for (const char* name :
       {"../../x", "/etc/passwd", "a/b", "", ".", "..", ".hidden", "a\\u0000b"}) {
    EXPECT_THAT(Refusal(With("network.safetensors", name)), HasSubstr("no name of a file"));
    EXPECT_THAT(Refusal(With("progress.csv", name)), HasSubstr("no name of a file"));
    EXPECT_THAT(Refusal(With("000000000000-00000000000000ff.segment", name)),
                HasSubstr("no name of a file"));
  }
}

TEST(Manifest, WithNumbersThatCannotBeIsRefused) {
  EXPECT_THAT(Refusal(With("\"bytes\": 17", "\"bytes\": -1")), HasSubstr("-1 is no count"));
  EXPECT_THAT(Refusal(With("\"bytes\": 17", "\"bytes\": 0.5")), HasSubstr("no count"));
  EXPECT_THAT(Refusal(With("\"bytes\": 17", "\"bytes\": 9223372036854775807")),
              HasSubstr("too large"));
  EXPECT_THAT(Refusal(With("\"env_steps\": 250000", "\"env_steps\": \"250000\"")),
              HasSubstr("no count"));
  EXPECT_THAT(Refusal(With("fedcba9876543210", "fedcba987654321g")), HasSubstr("hexadecimal"));
  EXPECT_THAT(Refusal(With("\"updates\": 245001,", "")), HasSubstr("updates"));
  EXPECT_THAT(Refusal(With("\"files\": [", "\"files\": [1,")), StartsWith("run/manifest.json: "));
}

}  // namespace
}  // namespace dqnd
