#include "operator-table.h"

namespace fedvox {
namespace {

Kind kindOfElement(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return Kind::TensorList;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return Kind::IntList;
    case c10::TypeKind::FloatType: return Kind::FloatList;
    case c10::TypeKind::BoolType: return Kind::BoolList;
    case c10::TypeKind::NumberType: return Kind::ScalarList;
    case c10::TypeKind::OptionalType: return Kind::OptionalTensorList;
    default: return Kind::Unsupported;
  }
}

// ScalarType, Layout and MemoryFormat are integers to the dispatcher, so they need no case here.
Kind kindOf(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return Kind::Tensor;
    case c10::TypeKind::ListType: return kindOfElement(type->castRaw<c10::ListType>()->getElementType());
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return Kind::Int;
    case c10::TypeKind::FloatType: return Kind::Float;
    case c10::TypeKind::BoolType: return Kind::Bool;
    case c10::TypeKind::NumberType: return Kind::Scalar;
    case c10::TypeKind::StringType: return Kind::String;
    case c10::TypeKind::DeviceObjType: return Kind::Device;
    default: return Kind::Unsupported;
  }
}

Parameter parameterOf(const c10::Argument& argument) {
  const auto& type = argument.type();
  if (type->kind() != c10::TypeKind::OptionalType) return {kindOf(type), false, &argument};
  return {kindOf(type->castRaw<c10::OptionalType>()->getElementType()), true, &argument};
}

Operator describe(const c10::OperatorHandle& handle) {
  Operator described{handle, {}, {}};
  for (const auto& argument : handle.schema().arguments()) {
    described.parameters.push_back(parameterOf(argument));
  }
  for (const auto& result : handle.schema().returns()) {
    described.returned.push_back(!(result.alias_info() && result.alias_info()->isWrite()));
  }
  return described;
}

}  // namespace

uint32_t OperatorTable::resolve(const std::string& qualifiedName) {
  const auto known = ids_.find(qualifiedName);
  if (known != ids_.end()) return known->second;
  const auto dot = qualifiedName.find('.');
  const std::string name = qualifiedName.substr(0, dot);
  const std::string overload = dot == std::string::npos ? "" : qualifiedName.substr(dot + 1);
  const auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  TORCH_CHECK(handle.has_value(), "this libtorch has no operator ", qualifiedName);
  const auto id = static_cast<uint32_t>(operators_.size());
  operators_.push_back(describe(*handle));
  ids_.emplace(qualifiedName, id);
  return id;
}

}  // namespace fedvox
