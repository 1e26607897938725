// How a file's structure is read: sections, keys, positions of what is wrong.

#include <filesystem>
#include <fstream>

#include "tests/trainer/config/config_testing.h"

namespace dqnd {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ConfigFile, AnEmptyFileIsAllDefaults) {
  EXPECT_EQ(Parsed("").train.batch_size, TrainSection().batch_size);
  EXPECT_EQ(Parsed("# nothing but a comment\n").train.batch_size, TrainSection().batch_size);
  EXPECT_EQ(Parsed("---\n").train.batch_size, TrainSection().batch_size);
}

TEST(ConfigFile, AnEmptySectionIsAllDefaults) {
  EXPECT_EQ(Parsed("train:\nrun: {name: x}\n").train.batch_size, TrainSection().batch_size);
}

TEST(ConfigFile, KeysAreReadFromBlockAndFlowMappings) {
  const Config config = Parsed("train:\n  batch_size: 64\nreplay: {buffer_size: 5000}\n");
  EXPECT_EQ(config.train.batch_size, 64);
  EXPECT_EQ(config.replay.buffer_size, 5000);
}

TEST(ConfigFile, AnchorsAndAliasesStandForTheirValue) {
  const Config config =
      Parsed("replay: {buffer_size: &many 7000}\ntrain: {learning_starts: *many}");
  EXPECT_EQ(config.train.learning_starts, 7000);
}

TEST(ConfigFile, AMisspeltKeyIsAnsweredWithItsPositionAndTheNearestKey) {
  EXPECT_EQ(Refusal("run: {name: x}\ntrain:\n  batch_szie: 64\n"),
            "run.yaml:3:3: the section 'train' has no key 'batch_szie'; did you mean "
            "'batch_size'?");
}

TEST(ConfigFile, AKeyThatResemblesNoneIsAnsweredWithAllOfTheSection) {
  EXPECT_THAT(Refusal("replay: {qqqqqqqqqqqq: 1}"),
              HasSubstr("its keys are buffer_size, max_bytes, codec"));
}

TEST(ConfigFile, AMisspeltSectionIsAnsweredWithItsPositionAndTheNearestSection) {
  EXPECT_EQ(Refusal("run: {name: x}\nreplya: {buffer_size: 5}\n"),
            "run.yaml:2:1: there is no section 'replya'; did you mean 'replay'?");
}

TEST(ConfigFile, ASectionThatResemblesNoneIsAnsweredWithAllOfThem) {
  EXPECT_THAT(Refusal("qqqqqqqqqq: {a: 1}"), HasSubstr("the sections are run, environment, "));
}

TEST(ConfigFile, AKeyOfAnotherSectionIsSentThere) {
  EXPECT_EQ(Refusal("train: {buffer_size: 5}"),
            "run.yaml:1:9: the section 'train' has no key 'buffer_size'; dqnd has "
            "replay.buffer_size");
  EXPECT_EQ(Refusal("gamma: 0.9"),
            "run.yaml:1:1: there is no 'gamma' at the top; dqnd has train.gamma");
}

TEST(ConfigFile, TheCommandLinesSpellingOfAKeyIsExplained) {
  EXPECT_THAT(Refusal("train.gamma: 0.9"),
              AllOf(StartsWith("run.yaml:1:1: "), HasSubstr("in a file write 'train:'")));
}

TEST(ConfigFile, AKeyThatIsWrittenTwiceIsRefusedWithBothPositions) {
  EXPECT_EQ(Refusal("train:\n  gamma: 0.9\n  tau: 1\n  gamma: 0.8\n"),
            "run.yaml:4:3: 'gamma' is written twice, first at run.yaml:2:3");
}

TEST(ConfigFile, ASectionThatIsWrittenTwiceIsRefusedWithBothPositions) {
  EXPECT_EQ(Refusal("train: {gamma: 0.9}\nrun: {seed: 2}\ntrain: {tau: 1}\n"),
            "run.yaml:3:1: 'train' is written twice, first at run.yaml:1:1");
}

TEST(ConfigFile, ASecondDocumentIsRefused) {
  EXPECT_THAT(Refusal("train: {gamma: 0.9}\n---\ntrain: {gamma: 0.8}\n"),
              AllOf(StartsWith("run.yaml:2:1: "), HasSubstr("a second document begins here")));
}

TEST(ConfigFile, WhatIsNoMappingIsRefused) {
  EXPECT_THAT(Refusal("- train\n"), AllOf(StartsWith("run.yaml:1:1: "), HasSubstr("not a list")));
  EXPECT_THAT(Refusal("hello"), HasSubstr("not 'hello'"));
  EXPECT_THAT(Refusal("train: 5"),
              AllOf(StartsWith("run.yaml:1:8: "), HasSubstr("'train' is a section"),
                    HasSubstr("found '5'")));
  EXPECT_THAT(Refusal("train: {[a, b]: 5}"), HasSubstr("a key must be a plain name, not a list"));
}

TEST(ConfigFile, MergeKeysAreRefusedWithAWayOut) {
  EXPECT_THAT(Refusal("train: {<<: {gamma: 0.9}}"), HasSubstr("write the keys out"));
}

TEST(ConfigFile, BrokenYamlIsRefusedAtItsPosition) {
  EXPECT_THAT(Refusal("train:\n  gamma: [0.9\n"),
              AllOf(StartsWith("run.yaml:3:1: "), HasSubstr("this is not YAML")));
  EXPECT_THAT(Refusal("train:\n\tgamma: 0.9\n"), StartsWith("run.yaml:2:"));
  EXPECT_THAT(Refusal("train: {gamma: *unheard}"), HasSubstr("this is not YAML"));
}

TEST(ConfigFile, AStrayCommaIsRefusedAtItsPosition) {
  EXPECT_THAT(Refusal(",\nrun: {name: x}\n"),
              AllOf(StartsWith("run.yaml:1:1: "), HasSubstr("nothing can begin here")));
}

TEST(ConfigFile, NestingWithoutEndIsRefusedAndNotFollowed) {
  EXPECT_THAT(Refusal(std::string(100'000, '[')), HasSubstr("this is not YAML"));
}

TEST(ConfigFile, AMissingFileIsNamed) {
  EXPECT_THAT([] { LoadConfig("/nowhere/run.yaml"); },
              testing::ThrowsMessage<std::invalid_argument>(
                  AllOf(HasSubstr("/nowhere/run.yaml"), HasSubstr("no such file"))));
}

TEST(ConfigFile, AFolderIsNoConfiguration) {
  EXPECT_THAT([] { LoadConfig(testing::TempDir()); },
              testing::ThrowsMessage<std::invalid_argument>(HasSubstr("this is a folder")));
}

TEST(ConfigFile, MessagesNameTheFileThatWasLoaded) {
  const std::string path = testing::TempDir() + "dqnd_config_file_test.yaml";
  std::ofstream(path) << "train:\n  gamma: 2\n";
  EXPECT_THAT([&] { LoadConfig(path); },
              testing::ThrowsMessage<std::invalid_argument>(StartsWith(path + ":2:10: ")));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace dqnd
