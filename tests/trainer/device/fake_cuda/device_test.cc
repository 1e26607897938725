#include "trainer/device/device.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include <ATen/Context.h>

#include "trainer/device/device_queue.h"

// This program finds a libtorch_cuda.so that is none beside it (fake_torch_cuda.cc). Each test is a
// process of its own, as ctest runs them: what is loaded stays.

namespace dqnd {
namespace {

std::string CallsOfTheFake() {
  const auto calls = reinterpret_cast<const char* (*)()>(::dlsym(RTLD_DEFAULT, "fake_cuda_calls"));
  return calls == nullptr ? "it was not loaded" : calls();
}

TEST(FindGpu, LoadsWhatAGpuNeedsAndTheLibraryOfOurs) {
  ::setenv("FAKE_GPUS", "1", 1);
  EXPECT_EQ(CallsOfTheFake(), "it was not loaded");
  const c10::Device gpu = FindGpu(/*deterministic=*/true);
  EXPECT_EQ(gpu.str(), "cuda:0");
  EXPECT_EQ(NameOf(gpu), "A GPU that is none");
}

TEST(FindGpu, MakesLibTorchDeterministicUnlessItIsToldOtherwise) {
  ::setenv("FAKE_GPUS", "1", 1);
  FindGpu(/*deterministic=*/true);
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
  EXPECT_TRUE(at::globalContext().deterministicCuDNN());
  EXPECT_FALSE(at::globalContext().allowTF32CuDNN());
  EXPECT_STREQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), ":4096:8");
  FindGpu(/*deterministic=*/false);
  EXPECT_FALSE(at::globalContext().deterministicAlgorithms());
  EXPECT_TRUE(at::globalContext().allowTF32CuDNN());
}

TEST(FindGpu, SaysThatThereIsNoGpu) {
  ::setenv("FAKE_GPUS", "0", 1);
  try {
    FindGpu(true);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(),
                 "train.device is cuda, but no GPU is visible; look at nvidia-smi and "
                 "CUDA_VISIBLE_DEVICES; or use train.device=cpu");
  }
}

TEST(RepeatedWork, IsRecordedByAGraphOfCudas) {
  ::setenv("FAKE_GPUS", "1", 1);
  const DeviceQueue queue(FindGpu(true));
  int times = 0;
  {
    RepeatedWork work(queue, [&] { ++times; });
    for (int i = 0; i < 6; ++i) work.Run();
  }
  EXPECT_EQ(CallsOfTheFake(), "made begin end replay replay replay gone ");
  EXPECT_EQ(times, 4);
}

}  // namespace
}  // namespace dqnd
