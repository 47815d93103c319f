// server/options.h
// Everything that can be set on a server, with its defaults, units and ranges. Where the values
// come from is flags.h's business.
#ifndef ASSAY_SERVER_OPTIONS_H_
#define ASSAY_SERVER_OPTIONS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace assay {

struct ServerOptions {
  // HOST:PORT; port 0 takes a free one. Beyond loopback only with `insecure`: there is no TLS yet.
  std::string listen = "127.0.0.1:50051";
  bool insecure = false;

  // Threads for templates and tokenizing, 1..256. One keeps up with a CPU device; a GPU wants two
  // or more.
  int64_t encoder_threads = 2;
  // Bytes of text that may wait for them before RESOURCE_EXHAUSTED; at least max_request_bytes.
  int64_t max_waiting_bytes = int64_t{256} << 20;

  // Computed tokens of one forward pass, 0..2^24; a longer conversation runs alone. Larger batches
  // fill the device better and make each request in them wait longer. 0: by device, see
  // WithDeviceDefaults().
  int64_t max_batch_tokens = 0;
  // Computed tokens that may wait for the devices before RESOURCE_EXHAUSTED; at least
  // max_batch_tokens. The longest wait is this over the devices' tokens per second.
  int64_t max_queued_tokens = int64_t{1} << 20;

  // Of one request: responses and messages, 1..65536; bytes of one text, at least 1 and at most
  // max_request_bytes; bytes of all of it, 1 KiB..1 GiB.
  int64_t max_responses = 1024;
  int64_t max_messages = 1024;
  int64_t max_text_bytes = int64_t{1} << 20;
  int64_t max_request_bytes = int64_t{64} << 20;
  // Requests of one stream that are worked on at a time, 1..65536.
  int64_t max_in_flight_per_stream = 256;

  // "debug", "info", "warning" or "error".
  std::string log_level = "info";
  // From the stop signal until requests still queued are answered UNAVAILABLE, 0..1 hour.
  absl::Duration drain_timeout = absl::Seconds(30);

  // INVALID_ARGUMENT naming the field, its value and its range, or the two fields that contradict
  // each other.
  absl::Status Validate() const;
};

// `options` with what is left to the devices decided: max_batch_tokens becomes the largest of their
// DefaultBatchTokens(), see model/memory_plan.h; at most max_queued_tokens.
ServerOptions WithDeviceDefaults(ServerOptions options, absl::Span<const std::string> devices);

// What is loaded, and onto what. Checked where it is used: by the model's loader.
struct ModelOptions {
  std::string model =
      "armorm-mini";              // A checkpoint folder, or the name of one; see model_folder.h.
  std::string name;               // Empty: the folder's name.
  std::string device = "auto";    // "auto", "cpu", "cuda", or a list such as "cuda:0,cuda:1".
  std::string dtype = "auto";     // "auto", "bfloat16", "float32", "int8", "fp8".
  std::string heads = "precise";  // "precise", "reference".
  std::string chat_template = "auto";  // "auto", "llama3", "chatml".
  int64_t workers = 0;                 // On each device; 0: two, or one on a CPU of one thread.
  int64_t cpu_threads = 0;             // 0: one a core.
  bool deterministic = false;          // See RewardModelOptions.
};

}  // namespace assay

#endif  // ASSAY_SERVER_OPTIONS_H_
