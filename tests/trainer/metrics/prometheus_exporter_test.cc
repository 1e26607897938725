#include "trainer/metrics/prometheus_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/trainer/metrics/http_get.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(PrometheusExporter, ServesTheLatestValueOfEachTag) {
  PrometheusExporter exporter("127.0.0.1:0");
  ASSERT_GT(exporter.port(), 0);
  exporter.Set(1000, std::array{Scalar{"rollout/ep_rew_mean", 1.5}, Scalar{"train/loss", 0.25}});
  exporter.Set(2000, std::array{Scalar{"train/loss", 0.125}});
  const std::string answer = HttpGet(exporter.port(), "/metrics");
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(answer, HasSubstr("# TYPE dqnd_env_steps gauge\ndqnd_env_steps 2000\n"));
  EXPECT_THAT(answer, HasSubstr("# HELP dqnd_rollout_ep_rew_mean rollout/ep_rew_mean\n"));
  EXPECT_THAT(answer, HasSubstr("\ndqnd_rollout_ep_rew_mean 1.5\n"));
  EXPECT_THAT(answer, HasSubstr("\ndqnd_train_loss 0.125\n"));
}

TEST(PrometheusExporter, ServesNoValueThatIsNotKnownYet) {
  PrometheusExporter exporter("127.0.0.1:0");
  exporter.Set(1, std::array{Scalar{"train/loss", std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_THAT(HttpGet(exporter.port(), "/metrics"), Not(HasSubstr("dqnd_train_loss")));
}

TEST(PrometheusExporter, AnswersWhileValuesChange) {
  PrometheusExporter exporter("127.0.0.1:0");
  std::thread scraper([&] {
    for (int i = 0; i < 20; ++i) {
      EXPECT_THAT(HttpGet(exporter.port(), "/metrics"), HasSubstr("200 OK"));
    }
  });
  for (int i = 0; i < 200; ++i) {
    const std::string tag = "train/value" + std::to_string(i);
    exporter.Set(i, std::array{Scalar{tag, 1}});
  }
  scraper.join();
  EXPECT_THAT(HttpGet(exporter.port(), "/metrics"), HasSubstr("dqnd_train_value199 1\n"));
}

TEST(PrometheusExporter, SaysWhichAddressCannotBeListenedOn) {
  const PrometheusExporter first("127.0.0.1:0");
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  for (const std::string& refused : {address, std::string("192.0.2.1:0")}) {
    try {
      const PrometheusExporter second(refused);
      ADD_FAILURE() << "listens on " << refused;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(refused));
      EXPECT_THAT(error.what(), HasSubstr("metrics.prometheus"));
    }
  }
}

TEST(PrometheusExporter, RefusesWhatIsNoAddress) {
  for (const char* address : {"", "9090", ":9090", "localhost", "localhost:", "localhost:70000",
                              "localhost:-1", "localhost:90s", "localhost:80,localhost:90"}) {
    EXPECT_THROW(PrometheusExporter{address}, std::invalid_argument) << address;
  }
}

TEST(PrometheusExporter, StopsListeningWhenItGoes) {
  int port;
  {
    const PrometheusExporter exporter("127.0.0.1:0");
    port = exporter.port();
    EXPECT_NE(HttpGet(port, "/metrics"), "");
  }
  EXPECT_EQ(HttpGet(port, "/metrics"), "");
}

}  // namespace
}  // namespace dqnd
