#include "trainer/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "trainer/kernels/products.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;

// A file system root with the files of /proc and /sys that a test wants.
class Root {
 public:
  Root() {
    static int number = 0;
    path_ = std::filesystem::path(::testing::TempDir()) /
            ("root" + std::to_string(getpid()) + "_" + std::to_string(number++));
    Write("proc/meminfo",
          "MemTotal:       16000000 kB\nMemFree:         1000 kB\nMemAvailable:    8000000 kB\n");
  }
  ~Root() { std::filesystem::remove_all(path_); }

  void Write(const std::string& file, const std::string& content) {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << content;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(FindMemoryLimit, WithoutAContainerItIsWhatTheMachineHasAvailable) {
  const Root root;
  EXPECT_EQ(FindMemoryLimit(root.path()).bytes, 8'000'000LL * 1024);
}

TEST(FindMemoryLimit, AContainersLimitCountsUnderCgroupV2) {
  Root root;
  root.Write("proc/self/cgroup", "0::/\n");
  root.Write("sys/fs/cgroup/memory.max", "2147483648\n");
  const MemoryLimit limit = FindMemoryLimit(root.path());
  EXPECT_EQ(limit.bytes, 2147483648);
  EXPECT_THAT(limit.source, HasSubstr("cgroup v2"));
}

TEST(FindMemoryLimit, TheSmallestLimitAboveTheGroupCounts) {
  Root root;
  root.Write("proc/self/cgroup", "0::/system.slice/job\n");
  root.Write("sys/fs/cgroup/system.slice/job/memory.max", "max\n");
  root.Write("sys/fs/cgroup/system.slice/memory.max", "1000000\n");
  EXPECT_EQ(FindMemoryLimit(root.path()).bytes, 1000000);
}

TEST(FindMemoryLimit, AContainersLimitCountsUnderCgroupV1) {
  Root root;
  root.Write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n");
  root.Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "500000000\n");
  const MemoryLimit limit = FindMemoryLimit(root.path());
  EXPECT_EQ(limit.bytes, 500000000);
  EXPECT_THAT(limit.source, HasSubstr("cgroup v1"));
}

TEST(FindProcessors, AQuotaOfOneAndAHalfProcessorsIsOne) {
  Root v2, v1;
  v2.Write("proc/self/cgroup", "0::/\n");
  v2.Write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(FindProcessors(v2.path()), 1);
  v1.Write("proc/self/cgroup", "5:cpu,cpuacct:/\n");
  v1.Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n");
  v1.Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(FindProcessors(v1.path()), 1);
}

TEST(FindProcessors, NoQuotaLeavesThoseOfTheAffinityMask) {
  Root root;
  root.Write("proc/self/cgroup", "0::/\n");
  root.Write("sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(FindProcessors(root.path()), FindProcessors(Root().path()));
}

TEST(EndsWithTheContainer, IsWhatLiesInTheRootsOwnMountOrInMemory) {
  EXPECT_TRUE(EndsWithTheContainer("/"));
  EXPECT_TRUE(EndsWithTheContainer("/not/there/yet"));
  EXPECT_TRUE(EndsWithTheContainer("/dev/shm/not/there/yet"));
  EXPECT_FALSE(EndsWithTheContainer("/proc/self"));  // a mount of its own
}

TEST(ResolveThreads, AreTheProcessorsButForSmallNetworksOfLibTorchAndAChosenNumberStays) {
  const int processors = FindProcessors();
  Config config;
  config.network.architecture = Architecture::kNatureCnn;
  EXPECT_EQ(ResolveThreads(config), std::min(processors, 8));
  config.network.architecture = Architecture::kMinatarCnn;
  EXPECT_EQ(ResolveThreads(config), std::min(processors, 4));
  config.train.learner = LearnerKind::kReference;
  EXPECT_EQ(ResolveThreads(config), 1);
  config.train.threads = 3;
  EXPECT_EQ(ResolveThreads(config), 3);
}

TEST(Machine, Bfloat16WorksOnEveryProcessorAndIsSaidToBeSlowWhereItIs) {
  Config config;
  EXPECT_THAT(MachineWarnings(config), testing::IsEmpty());
  config.train.precision = Precision::kBfloat16;
  if (MultipliesBfloat16()) {
    EXPECT_THAT(MachineWarnings(config), testing::IsEmpty());
    EXPECT_EQ(ThisMachine(config).precision, "bfloat16");
  } else {
    EXPECT_THAT(MachineWarnings(config),
                testing::ElementsAre(HasSubstr("slower than train.precision=float32")));
    EXPECT_EQ(ThisMachine(config).precision, "bfloat16 by way of float32");
  }
}

}  // namespace
}  // namespace dqnd
