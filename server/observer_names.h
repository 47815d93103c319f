// server/observer_names.h
// What observers call the reasons and stages of observer.h: in labels of metrics, on the status
// page. Constants; a name once published stays.
#ifndef ASSAY_SERVER_OBSERVER_NAMES_H_
#define ASSAY_SERVER_OBSERVER_NAMES_H_

#include <array>

#include "server/observer.h"

namespace assay {

inline constexpr std::array kRefusals = {
    Refusal::kQueueFull, Refusal::kTooSlow, Refusal::kTextWaiting, Refusal::kStopping,
    Refusal::kUnhealthy, Refusal::kInvalid, Refusal::kIdentity};
inline constexpr std::array kDeadlineStages = {DeadlineStage::kArrival, DeadlineStage::kQueue,
                                               DeadlineStage::kReply};

constexpr const char* NameOf(Refusal reason) {
  switch (reason) {
    case Refusal::kQueueFull:
      return "queue_full";
    case Refusal::kTooSlow:
      return "too_slow";
    case Refusal::kTextWaiting:
      return "text_waiting";
    case Refusal::kStopping:
      return "stopping";
    case Refusal::kUnhealthy:
      return "unhealthy";
    case Refusal::kInvalid:
      return "invalid";
    case Refusal::kIdentity:
      return "identity";
  }
  return "";
}

constexpr const char* NameOf(DeadlineStage stage) {
  switch (stage) {
    case DeadlineStage::kArrival:
      return "arrival";
    case DeadlineStage::kQueue:
      return "queue";
    case DeadlineStage::kReply:
      return "reply";
  }
  return "";
}

}  // namespace assay

#endif  // ASSAY_SERVER_OBSERVER_NAMES_H_
