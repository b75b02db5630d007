//! Policy component that lets everybody in
