// What libdqnd_cuda.so and FindGpu need of LibTorch's CUDA library, with one GPU that has a name
// and graphs that count their calls: so that loading, registering and calling are tested where
// there is no GPU. Built as libtorch_cuda.so; FAKE_GPUS says how many GPUs there are.
#include <cuda.h>

#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace {

// Work is done when it is given.
struct Guard final : c10::impl::NoOpDeviceGuardImpl<c10::kCUDA> {
  c10::DeviceIndex deviceCount() const noexcept override {
    const char* count = std::getenv("FAKE_GPUS");
    return static_cast<c10::DeviceIndex>(count == nullptr ? 0 : std::atoi(count));
  }
};
C10_REGISTER_GUARD_IMPL(CUDA, Guard)

std::string calls;

}  // namespace

extern "C" const char* fake_cuda_calls() {
  return calls.c_str();
}

namespace c10::cuda {
// Of the stream that a graph keeps.
CUDAStream getCurrentCUDAStream(DeviceIndex) {
  return CUDAStream(CUDAStream::UNCHECKED, Stream(Stream::DEFAULT, Device(kCUDA, 0)));
}
cudaStream_t CUDAStream::stream() const {
  return nullptr;
}
void setCurrentCUDAStream(CUDAStream) {}
cudaError_t MaybeSetDevice(DeviceIndex) {
  return cudaSuccess;
}
}  // namespace c10::cuda

// Of CUDA itself, for streams that a graph would own.
cudaError_t cudaStreamDestroy(cudaStream_t) {
  return cudaSuccess;
}
cudaError_t cudaGetLastError() {
  return cudaSuccess;
}
const char* cudaGetErrorString(cudaError_t) {
  return "none";
}

namespace at {
struct CUDAHooks final : CUDAHooksInterface {
  explicit CUDAHooks(CUDAHooksArgs) {}
  bool hasCUDA() const override { return true; }
};
REGISTER_CUDA_HOOKS(CUDAHooks)
}  // namespace at

namespace at::cuda {

cudaDeviceProp* getCurrentDeviceProperties() {
  static cudaDeviceProp properties;
  std::strcpy(properties.name, "A GPU that is none");
  return &properties;
}

CUDAGraph::CUDAGraph(bool keep)
    : capture_stream_(c10::cuda::getCurrentCUDAStream()), keep_graph_(keep) {
  calls += "made ";
}
CUDAGraph::~CUDAGraph() {
  calls += "gone ";
}
void CUDAGraph::capture_begin(MempoolId_t, cudaStreamCaptureMode mode) {
  calls += mode == cudaStreamCaptureModeThreadLocal ? "begin " : "begin otherwise ";
}
void CUDAGraph::capture_end() {
  calls += "end ";
}
void CUDAGraph::instantiate() {}
void CUDAGraph::replay() {
  calls += "replay ";
}
void CUDAGraph::reset() {}
MempoolId_t CUDAGraph::pool() {
  return {};
}
void CUDAGraph::enable_debug_mode() {}
void CUDAGraph::debug_dump(const std::string&) {}

}  // namespace at::cuda
