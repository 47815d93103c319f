// tests/client/idle_port.h
// Ports of this machine at which nobody serves, and that no other process can take meanwhile.
#ifndef ASSAY_TESTS_CLIENT_IDLE_PORT_H_
#define ASSAY_TESTS_CLIENT_IDLE_PORT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace assay::testing {

class IdlePort {
 public:
  ~IdlePort() { close(fd_); }
  IdlePort(const IdlePort&) = delete;
  IdlePort& operator=(const IdlePort&) = delete;

  std::string address() const { return absl::StrCat("127.0.0.1:", ntohs(address_.sin_port)); }

 protected:
  explicit IdlePort(bool listens) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    bind(fd_, reinterpret_cast<sockaddr*>(&address_), size);
    if (listens) listen(fd_, 8);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size);
  }

 private:
  const int fd_;
  sockaddr_in address_ = {};
};

// Connections stand and get no byte.
class SilentPort : public IdlePort {
 public:
  SilentPort() : IdlePort(/*listens=*/true) {}
};

// Connections are refused, as where a server is gone.
class RefusingPort : public IdlePort {
 public:
  RefusingPort() : IdlePort(/*listens=*/false) {}
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_IDLE_PORT_H_
