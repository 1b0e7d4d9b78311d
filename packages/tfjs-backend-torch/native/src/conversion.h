#pragma once

#include <ATen/core/ivalue.h>
#include <node_api.h>

#include "handle-table.h"
#include "operator-table.h"

namespace fedvox {

// Thrown when a JavaScript exception is already pending: the caller only has to return.
struct JavaScriptException {};

// Turns a failed Node-API call into a C++ exception.
void check(napi_env env, napi_status status);

// The value that `parameter` wants. A missing or `undefined` argument takes the schema's default;
// `null` is "none" for an optional parameter. Throws c10::Error when the value does not fit.
c10::IValue toIValue(napi_env env, napi_value value, const Parameter& parameter,
                     const HandleTable& tensors);

// A tensor becomes a handle (null when undefined), a tensor list an array of them, a number a number.
napi_value fromIValue(napi_env env, c10::IValue&& value, HandleTable& tensors);

// "[4, 16, 8] float" for tensors, the value itself for scalars: what an error message quotes.
std::string describe(const c10::IValue& value);

std::vector<int64_t> toIntegers(napi_env env, napi_value value);
std::string toText(napi_env env, napi_value value);
uint32_t toUnsigned(napi_env env, napi_value value);
napi_value fromDouble(napi_env env, double value);
napi_value fromSizes(napi_env env, at::IntArrayRef sizes);

}  // namespace fedvox
