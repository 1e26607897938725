// Before everything else: the size of LibTorch's CUDAGraph depends on whether it was included.
#include <cuda.h>

#include <ATen/core/GraphImplInterface.h>
#include <ATen/cuda/CUDAGraph.h>

// CUDA's graphs under LibTorch's own interface for graphs of any device, where this version of
// LibTorch has not put them itself; everything else of trainer/device/ knows that interface alone.
// A library of its own, libdqnd_cuda.so, which device.cc loads after LibTorch's CUDA libraries: it
// is compiled against headers alone, and finds its symbols there.

// As ATen/cuda/CUDAContextLight.h declares it, which includes the headers of three libraries more.
namespace at::cuda {
cudaDeviceProp* getCurrentDeviceProperties();
}

namespace dqnd {
namespace {

class CudaGraph final : public at::GraphImplInterface {
 public:
  explicit CudaGraph(const at::GraphImplArgs& arguments) : graph_(arguments.keep_graph) {}

  void capture_begin(at::MempoolId_t pool, at::GraphCaptureMode mode) override {
    graph_.capture_begin(pool, ModeOf(mode));
  }
  void capture_end() override { graph_.capture_end(); }
  void instantiate() override { graph_.instantiate(); }
  void replay() override { graph_.replay(); }
  void reset() override { graph_.reset(); }
  at::MempoolId_t pool() const override { return graph_.pool(); }
  void enable_debug_mode() override { graph_.enable_debug_mode(); }
  void debug_dump(const std::string& path) override { graph_.debug_dump(path); }

 private:
  // What other threads do meanwhile is no business of a graph's.
  static cudaStreamCaptureMode ModeOf(at::GraphCaptureMode mode) {
    switch (mode) {
      case at::GraphCaptureMode::Global:
        return cudaStreamCaptureModeGlobal;
      case at::GraphCaptureMode::Relaxed:
        return cudaStreamCaptureModeRelaxed;
      case at::GraphCaptureMode::Default:
      case at::GraphCaptureMode::ThreadLocal:
        break;
    }
    return cudaStreamCaptureModeThreadLocal;
  }

  mutable at::cuda::CUDAGraph graph_;  // its pool() is not const
};

const bool is_registered = [] {
  if (!at::has_graph_impl(c10::kCUDA)) {
    at::GraphImplRegistry()->Register(
        c10::DeviceTypeName(c10::kCUDA), [](const at::GraphImplArgs& arguments) {
          return std::unique_ptr<at::GraphImplInterface>(new CudaGraph(arguments));
        });
  }
  return true;
}();

}  // namespace
}  // namespace dqnd

extern "C" const char* dqnd_cuda_device_name() {
  return at::cuda::getCurrentDeviceProperties()->name;
}
