#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <string>
#include <unordered_map>
#include <vector>

namespace fedvox {

// What one argument of a schema wants, worked out once so that a call only switches on it.
enum class Kind : uint8_t {
  Tensor, TensorList, OptionalTensorList, Int, IntList, Float, FloatList, Bool, BoolList,
  Scalar, ScalarList, String, Device, Unsupported,
};

struct Parameter {
  Kind kind;
  bool optional;
  const c10::Argument* schema;
};

struct Operator {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
  // One flag per return: false where the return only names an argument that was written to.
  std::vector<bool> returned;
};

// Resolves schema names ("aten::add.Tensor") to small integers, each name once.
class OperatorTable {
 public:
  uint32_t resolve(const std::string& qualifiedName);
  const Operator& get(uint32_t id) const {
    TORCH_CHECK(id < operators_.size(), "no operator has the number ", id);
    return operators_[id];
  }

 private:
  std::unordered_map<std::string, uint32_t> ids_;
  std::vector<Operator> operators_;
};

}  // namespace fedvox
