#include "trainer/device/device_queue.h"

#include "tests/trainer/device/recording_graph.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include <ATen/ATen.h>

namespace dqnd {
namespace {

float NumberOf(const at::Tensor& tensor) {
  return tensor.item<float>();
}

TEST(RepeatedWork, IsDoneEachTimeAlsoOnceItWasRecorded) {
  const ProcessorsRecord record;
  const DeviceQueue queue(c10::kCPU);
  at::Tensor x = queue.StagingMemory({1}, at::kFloat), sum = at::zeros({1});
  int times_here = 0;
  RepeatedWork work(queue, [&] {
    ++times_here;
    sum.add_(x * 2);
  });
  float expected = 0;
  for (int i = 1; i <= 10; ++i) {
    x.fill_(i);
    work.Run();
    queue.Finish();
    expected += 2.0f * static_cast<float>(i);
    EXPECT_EQ(NumberOf(sum), expected) << i;
  }
  EXPECT_EQ(record.recordings(), 1);
  EXPECT_EQ(record.replays(), 7);
  EXPECT_EQ(times_here, 4);  // three before it was recorded, and the recording
}

TEST(RepeatedWork, IsSimplyDoneWhereADeviceRecordsNothing) {
  const DeviceQueue queue(c10::kCPU);
  int times = 0;
  RepeatedWork work(queue, [&] { ++times; });
  for (int i = 0; i < 10; ++i) work.Run();
  EXPECT_EQ(times, 10);
}

TEST(RepeatedWork, ThatFailsWhileItIsRecordedIsRecordedAnewTheNextTime) {
  const ProcessorsRecord record;
  const DeviceQueue queue(c10::kCPU);
  at::Tensor sum = at::zeros({1});
  bool fails = false;
  RepeatedWork work(queue, [&] {
    sum.add_(1);
    if (fails) throw std::runtime_error("no memory");
  });
  for (int i = 0; i < 3; ++i) work.Run();
  fails = true;
  EXPECT_THROW(work.Run(), std::runtime_error);
  EXPECT_EQ(NumberOf(sum), 3);
  EXPECT_EQ(NumberOf(at::ones({1}).add_(1)), 2);  // nothing is recorded any more
  fails = false;
  for (int i = 0; i < 3; ++i) work.Run();
  EXPECT_EQ(NumberOf(sum), 6);
}

// What this process decides while work is recorded is decided for ever: the reason why a learner's
// update must be tensors alone, and how the tests of it would notice.
TEST(RepeatedWork, KeepsWhatThisProcessDecidedWhenItWasRecorded) {
  const ProcessorsRecord record;
  const DeviceQueue queue(c10::kCPU);
  float here = 0;
  at::Tensor copied = at::zeros({1});
  RepeatedWork work(queue, [&] { copied.fill_(here); });
  for (int i = 1; i <= 6; ++i) {
    here = static_cast<float>(i);
    work.Run();
  }
  EXPECT_EQ(NumberOf(copied), 4);
}

}  // namespace
}  // namespace dqnd
