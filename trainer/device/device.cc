#include "trainer/device/device.h"

#include <dlfcn.h>

#include <cassert>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <ATen/Context.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace dqnd {
namespace {

namespace fs = std::filesystem;

std::string Because(const std::string& what) {
  return "train.device is cuda, but " + what + "; or use train.device=cpu";
}

// Loads a library for good, its symbols for whatever is loaded after it. Returns what is wrong.
std::string Load(const std::string& library) {
  if (::dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return "";
  const char* problem = ::dlerror();
  return problem == nullptr ? library + " cannot be loaded" : problem;
}

// What trainer/device/cuda/ is built into lies beside this program, or in the lib folder beside its
// own.
fs::path OwnLibrary() {
  constexpr const char* kName = "libdqnd_cuda.so";
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  const fs::path beside = folder / kName;
  return fs::exists(beside, error) ? beside : folder.parent_path() / "lib" / kName;
}

void SetDeterminism(bool deterministic) {
  at::Context& context = at::globalContext();
  context.setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
  context.setDeterministicFillUninitializedMemory(false);  // ours is always written first
  context.setDeterministicCuDNN(deterministic);
  context.setBenchmarkCuDNN(!deterministic);
  context.setAllowTF32CuDNN(!deterministic);
  context.setFloat32MatmulPrecision(deterministic ? "highest" : "high");
}

}  // namespace

c10::Device FindGpu(bool deterministic) {
  // cuBLAS reads it when it begins: buffers of a fixed size, without which sums may vary.
  if (deterministic) ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/1);
  if (const std::string problem = Load("libtorch_cuda.so"); !problem.empty()) {
    throw std::invalid_argument(Because(
        "this LibTorch has no CUDA (" + problem +
        "); set Torch_DIR to a LibTorch with CUDA of the version that dqnd was built with"));
  }
  if (const std::string problem = Load(OwnLibrary()); !problem.empty()) {
    throw std::invalid_argument(Because("dqnd's own part for it is missing (" + problem +
                                        "); build dqnd with -DDQND_CUDA=ON"));
  }
  const auto* guard = c10::impl::device_guard_impl_registry[static_cast<size_t>(c10::kCUDA)].load();
  if (guard == nullptr || guard->deviceCount() == 0) {
    throw std::runtime_error(
        Because("no GPU is visible; look at nvidia-smi and CUDA_VISIBLE_DEVICES"));
  }
  assert(at::Context::hasCUDA());
  SetDeterminism(deterministic);
  return c10::Device(c10::kCUDA, 0);
}

std::string NameOf(c10::Device device) {
  if (device.is_cpu()) return "CPU";
  // Of libdqnd_cuda.so, which FindGpu has loaded.
  using Name = const char* (*)();
  const auto name = reinterpret_cast<Name>(::dlsym(RTLD_DEFAULT, "dqnd_cuda_device_name"));
  return name == nullptr ? device.str() : name();
}

}  // namespace dqnd
