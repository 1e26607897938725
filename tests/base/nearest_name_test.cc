#include "base/nearest_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dqnd {
namespace {

const std::vector<std::string> kNames = {"gamma", "batch_size", "buffer_size", "tau"};

TEST(NearestName, FindsWhatWasMeant) {
  EXPECT_EQ(NearestName("gama", kNames), "gamma");
  EXPECT_EQ(NearestName("batchsize", kNames), "batch_size");
  EXPECT_EQ(NearestName("bufer_size", kNames), "buffer_size");
  EXPECT_EQ(NearestName("gamma", kNames), "gamma");
}

TEST(NearestName, CountsASwapOfNeighboursOnce) {
  EXPECT_EQ(NearestName("tua", std::vector<std::string>{"tau"}), "tau");
}

TEST(NearestName, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(NearestName("prometheus", kNames), "");
  EXPECT_EQ(NearestName("gamma", {}), "");
}

TEST(NearestName, TakesTheFirstOfEquals) {
  EXPECT_EQ(NearestName("cat", std::vector<std::string>{"bat", "rat"}), "bat");
}

}  // namespace
}  // namespace dqnd
