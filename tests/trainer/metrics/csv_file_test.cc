#include "trainer/metrics/csv_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>

#include "base/fault_injecting_file_system.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;
using Operation = FaultInjectingFileSystem::Operation;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class CsvFileTest : public ::testing::Test {
 protected:
  CsvFile Open() { return CsvFile(files_, "/a.csv", {"x", "y"}); }
  std::string Content() { return files_.Read("/a.csv"); }

  FaultInjectingFileSystem files_;
};

TEST_F(CsvFileTest, HasOneHeaderAndARowALine) {
  CsvFile csv = Open();
  csv.AddRow(std::array{Scalar{"x", 1}, Scalar{"y", 2.5}});
  csv.AddRow(std::array{Scalar{"y", -3}, Scalar{"x", 4}});
  EXPECT_EQ(Content(), "x,y\n1,2.5\n4,-3\n");
  EXPECT_EQ(csv.records().bytes(), Content().size());
}

TEST_F(CsvFileTest, WritesNumbersThatReadBackToTheSameDouble) {
  CsvFile csv = Open();
  csv.AddRow(std::array{Scalar{"x", 0.1}, Scalar{"y", 1.0 / 3}});
  csv.AddRow(std::array{Scalar{"x", 50'000'000}, Scalar{"y", 2.5e-4}});
  EXPECT_EQ(Content(), "x,y\n0.1,0.3333333333333333\n50000000,0.00025\n");
}

TEST_F(CsvFileTest, LeavesCellsWithoutAValueEmpty) {
  CsvFile csv = Open();
  csv.AddRow(std::array{Scalar{"y", 1}});
  csv.AddRow(std::array{Scalar{"x", 1}, Scalar{"y", kNaN}, Scalar{"no column", 5}});
  EXPECT_EQ(Content(), "x,y\n,1\n1,\n");
}

TEST_F(CsvFileTest, GoesOnWithAFileThatIsThere) {
  Open().AddRow(std::array{Scalar{"x", 1}});
  Open().AddRow(std::array{Scalar{"x", 2}});
  EXPECT_EQ(Content(), "x,y\n1,\n2,\n");
}

TEST_F(CsvFileTest, RemovesALastLineThatWasCutShort) {
  files_.Create("/a.csv")->Append("x,y\n1,2\n3,");
  Open().AddRow(std::array{Scalar{"x", 5}});
  EXPECT_EQ(Content(), "x,y\n1,2\n5,\n");
}

TEST_F(CsvFileTest, WritesAHeaderThatWasCutShortAgain) {
  files_.Create("/a.csv")->Append("x,");
  Open();
  EXPECT_EQ(Content(), "x,y\n");
}

TEST_F(CsvFileTest, RefusesAFileWithOtherColumnsAndLeavesItAlone) {
  for (const std::string content : {"x,z\n1,2\n", "notes of mine"}) {
    files_.Create("/a.csv")->Append(content);
    try {
      Open();
      ADD_FAILURE() << "accepted " << content;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("/a.csv"));
      EXPECT_THAT(error.what(), HasSubstr("x,y"));
    }
    EXPECT_EQ(Content(), content);
  }
}

TEST_F(CsvFileTest, NeverHoldsAPartOfARow) {
  CsvFile csv = Open();
  csv.AddRow(std::array{Scalar{"x", 1}});
  files_.FailEvery(Operation::kAppend, {.error = ENOSPC, .landing_bytes = 2});
  csv.AddRow(std::array{Scalar{"x", 222}});
  EXPECT_EQ(Content(), "x,y\n1,\n");
  EXPECT_THAT(csv.records().problem(), HasSubstr("/a.csv"));
  files_.Heal();
  csv.AddRow(std::array{Scalar{"x", 3}});
  EXPECT_EQ(Content(), "x,y\n1,\n222,\n3,\n");
}

}  // namespace
}  // namespace dqnd
