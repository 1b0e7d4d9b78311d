#include "conversion.h"

#include <cmath>
#include <sstream>

namespace fedvox {
namespace {

napi_valuetype typeOf(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  return type;
}

double toDouble(napi_env env, napi_value value) {
  double number;
  TORCH_CHECK(napi_get_value_double(env, value, &number) == napi_ok, "expected a number");
  return number;
}

bool toBool(napi_env env, napi_value value) {
  bool flag;
  TORCH_CHECK(napi_get_value_bool(env, value, &flag) == napi_ok, "expected a boolean");
  return flag;
}

int64_t toInteger(napi_env env, napi_value value) {
  const double number = toDouble(env, value);
  TORCH_CHECK(std::floor(number) == number && std::abs(number) <= 9007199254740992.0,
              "expected a whole number, got ", number);
  return static_cast<int64_t>(number);
}

// A whole number stays an integer, so that it does not promote integer tensors to floating point.
at::Scalar toScalar(napi_env env, napi_value value) {
  if (typeOf(env, value) == napi_boolean) return toBool(env, value);
  const double number = toDouble(env, value);
  const bool whole = std::floor(number) == number && std::abs(number) < 9007199254740992.0;
  if (whole && !(number == 0 && std::signbit(number))) return static_cast<int64_t>(number);
  return number;
}

const at::Tensor& toTensor(napi_env env, napi_value value, const HandleTable& tensors) {
  return tensors.get(toUnsigned(env, value));
}

bool isNone(napi_env env, napi_value value) {
  const auto type = typeOf(env, value);
  return type == napi_null || type == napi_undefined;
}

template <typename Visit>
void forEachElement(napi_env env, napi_value array, Visit visit) {
  bool isArray;
  check(env, napi_is_array(env, array, &isArray));
  TORCH_CHECK(isArray, "expected an array");
  uint32_t length;
  check(env, napi_get_array_length(env, array, &length));
  for (uint32_t index = 0; index < length; ++index) {
    napi_value element;
    check(env, napi_get_element(env, array, index, &element));
    visit(element);
  }
}

template <typename T, typename Convert>
c10::List<T> toList(napi_env env, napi_value array, Convert convert) {
  c10::List<T> list;
  forEachElement(env, array, [&](napi_value element) { list.push_back(convert(element)); });
  return list;
}

c10::IValue present(napi_env env, napi_value value, const Parameter& parameter,
                    const HandleTable& tensors) {
  switch (parameter.kind) {
    case Kind::Tensor: return toTensor(env, value, tensors);
    case Kind::TensorList:
      return toList<at::Tensor>(env, value, [&](auto e) { return toTensor(env, e, tensors); });
    case Kind::OptionalTensorList:
      return toList<c10::optional<at::Tensor>>(env, value, [&](auto e) {
        return isNone(env, e) ? c10::optional<at::Tensor>() : toTensor(env, e, tensors);
      });
    case Kind::Int: return toInteger(env, value);
    case Kind::IntList: return toIntegers(env, value);
    case Kind::Float: return toDouble(env, value);
    case Kind::FloatList:
      return toList<double>(env, value, [&](auto e) { return toDouble(env, e); });
    case Kind::Bool: return toBool(env, value);
    case Kind::BoolList: return toList<bool>(env, value, [&](auto e) { return toBool(env, e); });
    case Kind::Scalar: return toScalar(env, value);
    case Kind::ScalarList: {
      // The dispatcher holds Scalar[] as a list of any number.
      c10::impl::GenericList list(c10::NumberType::get());
      forEachElement(env, value, [&](auto e) { list.push_back(toScalar(env, e)); });
      return list;
    }
    case Kind::String: return toText(env, value);
    case Kind::Device: return at::Device(toText(env, value));
    case Kind::Unsupported: break;
  }
  TORCH_CHECK(false, "a value of type ", parameter.schema->type()->str(),
              " cannot be given from JavaScript");
}

}  // namespace

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, "NODE_API", "a Node-API call failed");
  throw JavaScriptException{};
}

c10::IValue toIValue(napi_env env, napi_value value, const Parameter& parameter,
                     const HandleTable& tensors) {
  try {
    const auto type = typeOf(env, value);
    if (type == napi_undefined && parameter.schema->default_value()) {
      return *parameter.schema->default_value();
    }
    if (type == napi_null || type == napi_undefined) {
      TORCH_CHECK(parameter.optional, "missing");
      return c10::IValue();
    }
    return present(env, value, parameter, tensors);
  } catch (const c10::Error& error) {
    TORCH_CHECK(false, "argument '", parameter.schema->name(), "': ",
                error.what_without_backtrace());
  }
}

napi_value fromIValue(napi_env env, c10::IValue&& value, HandleTable& tensors) {
  napi_value result;
  if (value.isTensor()) {
    at::Tensor tensor = std::move(value).toTensor();
    if (tensor.defined()) {
      check(env, napi_create_uint32(env, tensors.add(std::move(tensor)), &result));
    } else {
      check(env, napi_get_null(env, &result));
    }
  } else if (value.isTensorList()) {
    const auto list = std::move(value).toTensorVector();
    check(env, napi_create_array_with_length(env, list.size(), &result));
    for (uint32_t index = 0; index < list.size(); ++index) {
      check(env, napi_set_element(env, result, index, fromIValue(env, list[index], tensors)));
    }
  } else if (value.isBool()) {
    check(env, napi_get_boolean(env, value.toBool(), &result));
  } else if (value.isScalar()) {
    result = fromDouble(env, value.toScalar().toDouble());
  } else {
    TORCH_CHECK(false, "a result of type ", value.tagKind(), " cannot be given to JavaScript");
  }
  return result;
}

std::string describe(const c10::IValue& value) {
  std::ostringstream text;
  if (value.isTensor() && value.toTensor().defined()) {
    const auto& tensor = value.toTensor();
    text << tensor.sizes() << ' ' << tensor.scalar_type();
  } else if (value.isTensorList()) {
    text << "[" << value.toTensorList().size() << " tensors]";
  } else if (value.isTensor() || value.isNone()) {
    text << "none";
  } else {
    text << value;
  }
  return text.str();
}

std::vector<int64_t> toIntegers(napi_env env, napi_value value) {
  std::vector<int64_t> integers;
  if (typeOf(env, value) == napi_number) return {toInteger(env, value)};
  forEachElement(env, value, [&](auto e) { integers.push_back(toInteger(env, e)); });
  return integers;
}

std::string toText(napi_env env, napi_value value) {
  size_t length = 0;
  TORCH_CHECK(napi_get_value_string_utf8(env, value, nullptr, 0, &length) == napi_ok,
              "expected a string");
  std::string text(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

uint32_t toUnsigned(napi_env env, napi_value value) {
  uint32_t number;
  TORCH_CHECK(napi_get_value_uint32(env, value, &number) == napi_ok, "expected a handle");
  return number;
}

napi_value fromDouble(napi_env env, double value) {
  napi_value result;
  check(env, napi_create_double(env, value, &result));
  return result;
}

napi_value fromSizes(napi_env env, at::IntArrayRef sizes) {
  napi_value result;
  check(env, napi_create_array_with_length(env, sizes.size(), &result));
  for (uint32_t index = 0; index < sizes.size(); ++index) {
    check(env, napi_set_element(env, result, index, fromDouble(env, sizes[index])));
  }
  return result;
}

}  // namespace fedvox
