// The whole native surface: tensors in a handle table, and one call that runs any ATen operator.
// Which operator serves what is decided in TypeScript; nothing here knows about networks or tfjs.

#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/version.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include <cstring>
#include <sstream>

#include "conversion.h"
#include "pooled-allocator.h"
#include "simd/kernels.h"

namespace fedvox {
namespace {

// Operator number plus the arguments; no ATen schema has more.
constexpr size_t kMaxArguments = 40;

struct Environment {
  HandleTable tensors;
  OperatorTable operators;
};

struct Call {
  napi_env env;
  Environment& state;
  napi_value arguments[kMaxArguments];
  size_t count;

  napi_value operator[](size_t index) const { return arguments[index]; }
  const at::Tensor& tensor(size_t index) const {
    return state.tensors.get(toUnsigned(env, arguments[index]));
  }
};

const char* codeOf(const std::string& message) {
  const bool outOfMemory = message.find("allocate memory") != std::string::npos ||
                           message.find("not enough memory") != std::string::npos ||
                           message.find("out of memory") != std::string::npos ||
                           message.find("size calculation overflowed") != std::string::npos ||
                           message.find("multiplication overflow") != std::string::npos;
  return outOfMemory ? "TORCH_OUT_OF_MEMORY" : "TORCH_OPERATOR";
}

void raise(napi_env env, const std::string& message) {
  napi_throw_error(env, codeOf(message), message.c_str());
}

// Every entry point runs here: gradients are tfjs's business, so libtorch records none, and no C++
// exception crosses into JavaScript.
template <napi_value (*Body)(const Call&)>
napi_value enter(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  Call call{env, *static_cast<Environment*>(data), {}, kMaxArguments};
  try {
    check(env, napi_get_cb_info(env, info, &call.count, call.arguments, nullptr, nullptr));
    const c10::InferenceMode noAutograd;
    return Body(call);
  } catch (const JavaScriptException&) {
  } catch (const c10::Error& error) {
    raise(env, error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    raise(env, "out of memory");
  } catch (const std::exception& error) {
    raise(env, error.what());
  }
  return nullptr;
}

// --- operators ---------------------------------------------------------------------------------

napi_value resolveOperator(const Call& call) {
  return fromDouble(call.env, call.state.operators.resolve(toText(call.env, call[0])));
}

std::string describeCall(const Operator& op, const std::vector<std::string>& arguments) {
  std::ostringstream text;
  text << op.handle.operator_name() << "(";
  for (size_t index = 0; index < arguments.size(); ++index) {
    text << (index == 0 ? "" : ", ") << arguments[index];
  }
  text << ")";
  return text.str();
}

napi_value results(const Call& call, const Operator& op, torch::jit::Stack& stack) {
  std::vector<napi_value> values;
  for (size_t index = 0; index < stack.size(); ++index) {
    if (!op.returned[index]) continue;
    values.push_back(fromIValue(call.env, std::move(stack[index]), call.state.tensors));
  }
  if (values.size() == 1) return values[0];
  if (values.empty()) return nullptr;
  napi_value list;
  check(call.env, napi_create_array_with_length(call.env, values.size(), &list));
  for (uint32_t index = 0; index < values.size(); ++index) {
    check(call.env, napi_set_element(call.env, list, index, values[index]));
  }
  return list;
}

napi_value runOperator(const Call& call) {
  const Operator& op = call.state.operators.get(toUnsigned(call.env, call[0]));
  const auto& parameters = op.parameters;
  TORCH_CHECK(call.count - 1 <= parameters.size(), op.handle.operator_name(), " takes ",
              parameters.size(), " arguments, got ", call.count - 1);
  torch::jit::Stack stack;
  stack.reserve(parameters.size());
  try {
    for (size_t index = 0; index < parameters.size(); ++index) {
      stack.push_back(
          toIValue(call.env, call[index + 1], parameters[index], call.state.tensors));
    }
  } catch (const c10::Error& error) {
    TORCH_CHECK(false, op.handle.operator_name(), ": ", error.what_without_backtrace());
  }
  // The operator consumes the stack, so an error message needs its arguments kept: tensors only by
  // reference, which costs a count each.
  const torch::jit::Stack kept = stack;
  try {
    op.handle.callBoxed(&stack);
  } catch (const std::exception& error) {
    std::vector<std::string> described;
    for (const auto& value : kept) described.push_back(describe(value));
    const auto* torchError = dynamic_cast<const c10::Error*>(&error);
    TORCH_CHECK(false, describeCall(op, described), ": ",
                torchError ? torchError->what_without_backtrace() : error.what());
  }
  return results(call, op, stack);
}

// --- tensors -----------------------------------------------------------------------------------

// A typed array's values, and the shape and type that they are to have.
struct HostArray {
  explicit HostArray(const Call& call) {
    napi_typedarray_type type;
    size_t length;
    TORCH_CHECK(napi_get_typedarray_info(call.env, call[0], &type, &length, &values, nullptr,
                                         nullptr) == napi_ok,
                "expected a typed array");
    sizes = toIntegers(call.env, call[1]);
    scalarType = static_cast<at::ScalarType>(toUnsigned(call.env, call[2]));
    TORCH_CHECK(type == napi_uint8_array || type == napi_int32_array || type == napi_float32_array,
                "expected a Float32Array, an Int32Array or a Uint8Array");
    bytes = at::elementSize(scalarType);
    for (const auto size : sizes) {
      TORCH_CHECK(size >= 0 && !__builtin_mul_overflow(bytes, static_cast<size_t>(size), &bytes),
                  "can't allocate memory: no machine holds a tensor of shape ",
                  at::IntArrayRef(sizes));
    }
    const size_t width = type == napi_uint8_array ? 1 : 4;
    TORCH_CHECK(bytes == length * width, "a tensor of shape ", at::IntArrayRef(sizes),
                " does not hold ", length, " values");
  }

  void* values;
  size_t bytes;
  std::vector<int64_t> sizes;
  at::ScalarType scalarType;
};

napi_value handleOf(const Call& call, at::Tensor tensor) {
  napi_value handle;
  check(call.env, napi_create_uint32(call.env, call.state.tensors.add(std::move(tensor)), &handle));
  return handle;
}

napi_value fromTypedArray(const Call& call) {
  const HostArray array(call);
  const at::Device device(toText(call.env, call[3]));
  // From pinned memory the copy to a GPU runs beside what follows here; the allocator of such memory
  // does not hand it out again before the copy has ended.
  const auto host = at::TensorOptions(array.scalarType).pinned_memory(device.is_cuda());
  at::Tensor tensor = at::empty(array.sizes, host);
  if (array.bytes > 0) std::memcpy(tensor.data_ptr(), array.values, array.bytes);
  if (!device.is_cpu()) tensor = tensor.to(device, array.scalarType, /*non_blocking=*/true);
  return handleOf(call, std::move(tensor));
}

// The array's own memory as a tensor on the processor; who borrows sees that the array outlives it.
napi_value borrowTypedArray(const Call& call) {
  const HostArray array(call);
  return handleOf(call, at::from_blob(array.values, array.sizes, array.scalarType));
}

struct HostType {
  at::ScalarType scalarType;
  const char* arrayName;
  size_t width;
};

HostType hostTypeOf(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
    case at::kBFloat16:
    case at::kHalf: return {at::kFloat, "Float32Array", 4};
    case at::kComplexFloat: return {at::kComplexFloat, "Float32Array", 4};
    case at::kInt: return {at::kInt, "Int32Array", 4};
    case at::kBool: return {at::kBool, "Uint8Array", 1};
    case at::kByte: return {at::kByte, "Uint8Array", 1};
    default: TORCH_CHECK(false, "tensors of type ", type, " cannot be read from JavaScript");
  }
}

// The most that a typed array has on every Node; newer ones would allocate more until memory is full.
constexpr size_t kMostValues = size_t{1} << 32;

// By JavaScript's own constructor, which refuses where Node-API's functions would end the process.
napi_value newTypedArray(napi_env env, const char* name, size_t length) {
  TORCH_CHECK(length <= kMostValues, "JavaScript can't allocate memory for ", length, " values");
  napi_value global, constructor, result;
  check(env, napi_get_global(env, &global));
  check(env, napi_get_named_property(env, global, name, &constructor));
  napi_value lengthValue = fromDouble(env, static_cast<double>(length));
  if (napi_new_instance(env, constructor, 1, &lengthValue, &result) == napi_ok) return result;
  napi_value refusal;
  napi_get_and_clear_last_exception(env, &refusal);
  TORCH_CHECK(false, "JavaScript can't allocate memory for ", length, " values");
}

// A copy of the values in row-major order; complex values as (real, imaginary) pairs.
napi_value toTypedArray(const Call& call) {
  const HostType host = hostTypeOf(call.tensor(0).scalar_type());
  const at::Tensor tensor = call.tensor(0).to(at::kCPU, host.scalarType).contiguous();
  napi_value array = newTypedArray(call.env, host.arrayName, tensor.nbytes() / host.width);
  void* values;
  check(call.env, napi_get_typedarray_info(call.env, array, nullptr, nullptr, &values, nullptr,
                                           nullptr));
  if (tensor.nbytes() > 0) std::memcpy(values, tensor.data_ptr(), tensor.nbytes());
  return array;
}

napi_value release(const Call& call) {
  call.state.tensors.release(toUnsigned(call.env, call[0]));
  return nullptr;
}

napi_value shape(const Call& call) { return fromSizes(call.env, call.tensor(0).sizes()); }

napi_value scalarType(const Call& call) {
  return fromDouble(call.env, static_cast<double>(call.tensor(0).scalar_type()));
}

// --- the process -------------------------------------------------------------------------------

napi_value liveTensors(const Call& call) {
  return fromDouble(call.env, call.state.tensors.live());
}

napi_value liveBytes(const Call& call) {
  return fromDouble(call.env, call.state.tensors.storageBytes());
}

napi_value peakBytes(const Call& call) {
  return fromDouble(call.env, PooledAllocator::install().peakBytes());
}

napi_value resetPeak(const Call&) {
  PooledAllocator::install().resetPeak();
  return nullptr;
}

napi_value setThreads(const Call& call) {
  at::set_num_threads(static_cast<int>(toUnsigned(call.env, call[0])));
  return nullptr;
}

// For a thread beside the one that trains: operators that it calls stay on it. What at::set_num_threads says
// would be taken over by other threads, too.
napi_value stayOnThread(const Call&) {
  // Each thread takes its number over when it is first asked for: here, and once more inside libtorch.
  at::internal::lazy_init_num_threads();
  at::get_num_threads();
#ifdef _OPENMP
  omp_set_num_threads(1);
#endif
  return nullptr;
}

napi_value threads(const Call& call) { return fromDouble(call.env, at::get_num_threads()); }

bool hasCudaBuild() { return c10::impl::hasDeviceGuardImpl(at::kCUDA); }

napi_value isCudaBuild(const Call& call) {
  napi_value result;
  check(call.env, napi_get_boolean(call.env, hasCudaBuild(), &result));
  return result;
}

napi_value cudaDevices(const Call& call) {
  const auto count = [] { return c10::impl::getDeviceGuardImpl(at::kCUDA)->deviceCount(); };
  return fromDouble(call.env, hasCudaBuild() ? count() : 0);
}

napi_value hasBfloat16(const Call& call) {
  const at::Device device(toText(call.env, call[0]));
  TORCH_CHECK(device.is_cuda(), "only a GPU is asked whether it has bfloat16");
  const c10::DeviceGuard current(device);
  napi_value result;
  const bool has = at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
  check(call.env, napi_get_boolean(call.env, has, &result));
  return result;
}

// Settings of libtorch that pay on a GPU for training on volumes of one size, and that make its float32
// the one that the processor has: without them cuDNN would take the first algorithm, and TensorFloat-32.
napi_value prepareCuda(const Call&) {
  at::globalContext().setBenchmarkCuDNN(true);
  at::globalContext().setAllowTF32CuDNN(false);
  return nullptr;
}

// What the libtorch that was found says of itself; where it says nothing, what was expected.
std::string loadedVersion() {
  const std::string settings = at::show_config();
  const std::string key = "TORCH_VERSION=";
  const auto at = settings.find(key);
  if (at == std::string::npos) return TORCH_VERSION;
  const auto begin = at + key.size();
  return settings.substr(begin, settings.find(',', begin) - begin);
}

napi_value initialise(napi_env env, napi_value exports) {
  PooledAllocator::install();
  const auto destroy = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  if (napi_set_instance_data(env, new Environment, destroy, nullptr) != napi_ok) return nullptr;
  const struct { const char* name; napi_callback body; } functions[] = {
      {"resolveOperator", enter<resolveOperator>}, {"runOperator", enter<runOperator>},
      {"fromTypedArray", enter<fromTypedArray>},   {"toTypedArray", enter<toTypedArray>},
      {"release", enter<release>},                 {"shape", enter<shape>},
      {"scalarType", enter<scalarType>},           {"liveTensors", enter<liveTensors>},
      {"liveBytes", enter<liveBytes>},             {"peakBytes", enter<peakBytes>},
      {"resetPeak", enter<resetPeak>},             {"setThreads", enter<setThreads>},
      {"threads", enter<threads>},                 {"isCudaBuild", enter<isCudaBuild>},
      {"cudaDevices", enter<cudaDevices>},         {"hasBfloat16", enter<hasBfloat16>},
      {"prepareCuda", enter<prepareCuda>},         {"borrowTypedArray", enter<borrowTypedArray>},
      {"stayOnThread", enter<stayOnThread>},
  };
  for (const auto& function : functions) {
    napi_value value;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.body, nullptr, &value);
    napi_set_named_property(env, exports, function.name, value);
  }
  const struct { const char* name; std::string text; } constants[] = {
      {"libtorchVersion", TORCH_VERSION},
      {"loadedVersion", loadedVersion()},
      {"instructionSet", kernels().name},
  };
  for (const auto& constant : constants) {
    napi_value value;
    napi_create_string_utf8(env, constant.text.c_str(), NAPI_AUTO_LENGTH, &value);
    napi_set_named_property(env, exports, constant.name, value);
  }
  return exports;
}

}  // namespace
}  // namespace fedvox

NAPI_MODULE_INIT() { return fedvox::initialise(env, exports); }
